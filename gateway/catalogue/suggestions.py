"""What somebody who is typing may mean: titles, institutions and words.  Pure."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from gateway.catalogue.orders import Relevance
from gateway.catalogue.words import words
from schema.ports import CourseSort
from schema.search_ports import Suggestion, SuggestionKind

if TYPE_CHECKING:
    from gateway.catalogue.snapshot import Snapshot

MOST_WORDS = 12  # looked at for three that somebody uses who is shown
MOST_TITLES = 50  # looked at for a suggestion's few, because titles repeat


def to_suggestions(snapshot: "Snapshot", text: str, first: int) -> Sequence[Suggestion]:
    """Return up to `first` completions of `text`: words first, then institutions, then titles."""
    asked = words(text)
    if not asked:
        return []
    found = dict.fromkeys((*_words(snapshot, asked), *_institutions(snapshot, text)))
    few = list(found)[: max(1, first // 2)]
    titles = dict.fromkeys(_titles(snapshot, text))
    return list(islice(dict.fromkeys((*few, *titles, *found)), first))


def _words(snapshot: "Snapshot", asked: Sequence[str]) -> Iterator[Suggestion]:
    *before, last = asked
    words_like_it = snapshot.index.vocabulary.beginning_with(last, MOST_WORDS)
    shown = (word for word in words_like_it if snapshot.uses(word))
    for word in islice(shown, 3):
        if word != last:
            yield Suggestion(" ".join((*before, word)), SuggestionKind.WORD)


def _institutions(snapshot: "Snapshot", text: str) -> Iterator[Suggestion]:
    for _, institution in snapshot.institutions.named(text)[:2]:
        yield Suggestion(institution.name, SuggestionKind.INSTITUTION)


def _titles(snapshot: "Snapshot", text: str) -> Iterator[Suggestion]:
    found = snapshot.found(" ".join(words(text)))
    if found is None or not len(found.slots):
        return
    order = Relevance(found, snapshot.rankings[CourseSort.RELEVANCE])
    places = order.places(found.slots)
    best = found.slots
    if len(best) > MOST_TITLES:
        nearest = np.argpartition(places, MOST_TITLES)[:MOST_TITLES]
        best, places = best[nearest], places[nearest]
    for slot in best[np.argsort(places)]:
        yield Suggestion(snapshot.course_at(slot).title, SuggestionKind.COURSE)
