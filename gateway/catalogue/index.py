"""Full-text search over what a person would type, on tantivy, in the process.

All words must be found somewhere in a course, in any of their forms; a word in the title counts
for more than the same word in the summary, a whole word for more than its beginning.  Words that
say "course" or nothing need not be found.  Courses are known by their slot, a small number that
one keeps as long as it is there.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from gateway.catalogue.documents import Document, spelled, stems_of, words_of
from gateway.catalogue.memo import Memo
from gateway.catalogue.postings import LONG
from gateway.catalogue.shelf import MOST_STALE, Kept
from gateway.catalogue.texts import WRITTEN, Searcher, Texts
from gateway.catalogue.vocabulary import Meaning, Stems, Vocabulary
from gateway.catalogue.words import MOST_WORDS, OPTIONAL, spelled_out, stem

Slots = npt.NDArray[np.int32]
Scores = npt.NDArray[np.int32]
T = TypeVar("T")
Posting = tuple[Slots, Scores]  # ascending slots, and what the word is worth there

WEIGHTS = {"subject": 900, "title": 800, "institution": 400, "topic": 200, "summary": 100}
EXACT = 100  # more for the very form that was typed, in the title
PREFIX = 0.6  # how much of a whole word its beginning is worth
PHRASE = 400  # for the words of the question one after the other in the title
WHOLE_TITLE = 200  # for a title of which nothing was left unasked
POSTINGS = 4_096  # kept at hand; all of them together are few numbers per course
MOST_CARRIED = 1_000  # changed documents, up to which long postings are kept
_NONE: Posting = (np.empty(0, np.int32), np.empty(0, np.int32))


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to: the slots, ascending, and how well each fits."""

    slots: Slots
    scores: Scores


class SearchIndex:
    """The documents as of one revision; `changed` gives the next one's.

    All revisions share one writer, so only the newest may be changed.
    """

    def __init__(self, documents: Iterable[tuple[int, Document]] = ()) -> None:
        """Index `documents`, by their slots."""
        self._texts = Texts()
        self._lengths: npt.NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._postings = Memo(POSTINGS)
        self._searcher: Searcher | None = None
        self._is_prepared = False
        self.vocabulary = Vocabulary().changed({}, self._count(documents))

    @classmethod
    def opened(
        cls, kept: Kept, documents: Iterable[tuple[int, Document]] | None = None
    ) -> "SearchIndex | None":
        """Return the index of `documents`, taken from a kept one; None if it is too far from it.

        Without `documents`, what was kept is what stands.
        """
        differ, come = kept.differing(documents) if documents is not None else (set[int](), {})
        if (len(differ) + len(come)) * MOST_STALE > len(kept.lengths):
            return None
        index = cls()
        index._texts = Texts(kept.base)
        index._lengths = kept.lengths
        index.vocabulary = index.vocabulary.changed({}, kept.contents.uses())
        if differ or come:
            index._texts.remove(differ)
            more = index._count(come.items())
            fewer = kept.contents.words_at(differ)
            index.vocabulary = index.vocabulary.changed(fewer, more)
        return index

    def changed(self, gone: Mapping[int, Document], come: Mapping[int, Document]) -> "SearchIndex":
        """Return the index without the documents `gone`, by their slots, and with those `come`."""
        if not gone and not come:
            return self
        self.searcher()
        other = object.__new__(SearchIndex)
        other._texts, other.vocabulary = self._texts, self.vocabulary
        other._lengths = self._lengths.copy()
        other._postings, other._searcher = Memo(POSTINGS), None
        other._add(gone, come)
        other._is_prepared = self._is_prepared and len(come) <= MOST_CARRIED
        if other._is_prepared:
            other._carry(self._postings, {*gone, *come}, come)
        other.searcher()  # now: by the time it is asked, the writer may be at the next one's
        return other

    def _carry(self, known: Memo, changed: set[int], come: Mapping[int, Document]) -> None:
        """Keep the long postings of the index before, which take long to read."""
        slots = np.array(sorted(changed), np.int32)
        weighed = _weighed(come)
        for question, answer in known.answers():
            if isinstance(question, tuple) and question[0] == "stems" and len(answer[0]) >= LONG:
                best: dict[int, int] = {}
                for each in question[1]:
                    for slot, weight in weighed.get(each, ()):
                        best[slot] = max(weight, best.get(slot, 0))
                found = sorted((slot, self._worth(slot, weight)) for slot, weight in best.items())
                self._postings.learn(question, _replaced(answer, slots, found))

    def _worth(self, slot: int, weight: int) -> int:
        """Return what a word is worth in a document whose heaviest field with it weighs so much."""
        rest = max(1, int(self._lengths[slot]))
        return weight + (WHOLE_TITLE // rest if weight >= WEIGHTS["title"] else 0)

    def _add(self, gone: Mapping[int, Document], come: Mapping[int, Document]) -> None:
        self._texts.remove({*gone, *come})
        fewer = Counter[str]()
        for document in gone.values():
            fewer.update(words_of(spelled(document)))
        self.vocabulary = self.vocabulary.changed(fewer, self._count(come.items()))

    def _count(self, documents: Iterable[tuple[int, Document]]) -> Counter[str]:
        """Take in documents; return how many of them use each word."""
        counted, lengths = Counter[str](), dict[int, int]()
        for slot, document in documents:
            told = spelled(document)
            counted.update(words_of(told))
            lengths[slot] = min(255, len(told["title"]))
            self._texts.add(slot, told)
        more = max(0, max(lengths, default=-1) + 1 - len(self._lengths))
        self._lengths = np.pad(self._lengths, (0, more))
        self._lengths[list(lengths)] = list(lengths.values())
        return counted

    def searcher(self) -> Searcher:
        """Make what is new findable, unless that is done, and return it.

        Not while another index is being made of this one: they share a writer.
        """
        if self._searcher is None:
            self._searcher = self._texts.committed()
        return self._searcher

    def prepare(self) -> None:
        """Read the long postings, so that no request has to, unless they were carried over."""
        self.searcher()
        if self._is_prepared:
            return
        self._is_prepared = True
        for word in self.vocabulary.common(LONG):
            meaning = self.vocabulary.meaning(word, is_last=True)
            if meaning is not None:
                self._of_stems(meaning.stems)
                self._of_stems(meaning.longer)
            self._written(word)

    def search(self, text: str) -> Found | None:
        """Return the documents that match `text`; None (which means all) without any word."""
        asked, required = to_question_words(text)
        if not asked:
            return None
        meanings = self.meanings(required)
        found = None
        for word, meaning in zip(required, meanings, strict=True):
            posting = self._of_word(word, meaning) if meaning else _NONE
            found = posting if found is None else _both(found, posting)
        return self._with_bonus(found or _NONE, asked)

    def meanings(self, required: Sequence[str]) -> list[Meaning | None]:
        """Return what each word means here; None for what nobody says."""
        return [self.vocabulary.meaning(word, is_last=word == required[-1]) for word in required]

    def _of_word(self, word: str, meaning: Meaning) -> Posting:
        longer, worth = self._of_stems(meaning.longer)
        parts = [(longer, (worth * PREFIX).astype(np.int32)), self._of_stems(meaning.stems)]
        return _plus(self._best(parts), self._written(word), EXACT)

    def _written(self, word: str) -> Slots:
        return self._posting((WRITTEN, word), lambda: self.searcher().holding(WRITTEN, (word,)))

    def _of_stems(self, stems: Stems) -> Posting:
        if not stems:
            return _NONE
        return self._posting(("stems", stems), lambda: self._read(stems))

    def _read(self, stems: Stems) -> Posting:
        """Return where `stems` stand; each slot counts its heaviest field."""
        searcher = self.searcher()
        held = [(searcher.holding(field, stems), WEIGHTS[field]) for field in WEIGHTS]
        slots, scores = self._best(
            [(slots, np.full(len(slots), weight, np.int32)) for slots, weight in held]
        )
        in_title = scores >= WEIGHTS["title"]
        rest = np.maximum(self._lengths[slots], 1)
        return slots, scores + np.where(in_title, WHOLE_TITLE // rest, 0).astype(np.int32)

    def _best(self, parts: Sequence[Posting]) -> Posting:
        """Return what stands in any of `parts`, worth the best of them."""
        filled = [part for part in parts if len(part[0])]
        if len(filled) <= 1:
            return filled[0] if filled else _NONE
        scores = np.zeros(len(self._lengths), np.int32)
        for slots, worth in filled:
            scores[slots] = np.maximum(scores[slots], worth)
        found = np.flatnonzero(scores > 0).astype(np.int32)  # of flags it is ten times as fast
        return found, scores[found]

    def _with_bonus(self, found: Posting, asked: Sequence[str]) -> Found:
        if len(asked) > 1 and len(found[0]):
            phrase = tuple(self._said(word) for word in asked)
            slots = self._posting(("phrase", phrase), lambda: self.searcher().phrase(phrase))
            found = _plus(found, slots, PHRASE)
        return Found(*found)

    def _said(self, word: str) -> str:
        meaning = self.vocabulary.meaning(word, is_last=False)
        return meaning.stems[0] if meaning and meaning.stems else stem(word)

    def _posting(self, question: Hashable, answer: Callable[[], T]) -> T:
        return self._postings.remembered(question, answer)


def to_question_words(text: str) -> tuple[list[str], list[str]]:
    """Return the words of a search, and those of them that must be found."""
    asked = list(dict.fromkeys(spelled_out(text)))[:MOST_WORDS]
    return asked, [word for word in asked if word not in OPTIONAL] or asked


def _weighed(documents: Mapping[int, Document]) -> Mapping[str, list[tuple[int, int]]]:
    """Return for each root where it stands, and what the field weighs that has it there."""
    found = defaultdict[str, list[tuple[int, int]]](list)
    for slot, document in documents.items():
        for field, roots in stems_of(spelled(document)).items():
            for root in roots:
                found[root].append((slot, WEIGHTS[field]))
    return found


def _replaced(posting: Posting, changed: Slots, come: Sequence[tuple[int, int]]) -> Posting:
    """Return a posting where the slots that have `changed` are only those that `come`, so worth."""
    slots, scores = posting
    at = np.searchsorted(slots, changed)
    there = slots[np.minimum(at, len(slots) - 1)] == changed
    had, at = changed[there], at[there]
    if not come and not len(had):
        return posting
    came, worth = np.array(come, np.int32).reshape(-1, 2).T
    if np.array_equal(had, came):  # the very same documents have the word as before
        if np.array_equal(scores[at], worth):
            return posting
        scores = scores.copy()
        scores[at] = worth
        return slots, scores
    slots, scores = np.delete(slots, at), np.delete(scores, at)
    at = np.searchsorted(slots, came)
    return np.insert(slots, at, came), np.insert(scores, at, worth)


def _both(one: Posting, other: Posting) -> Posting:
    """Return what stands in both, worth the sum."""
    few, many = (one, other) if len(one[0]) <= len(other[0]) else (other, one)
    if not len(few[0]):
        return _NONE
    at = np.minimum(np.searchsorted(many[0], few[0]), len(many[0]) - 1)
    common = many[0][at] == few[0]
    return few[0][common], few[1][common] + many[1][at][common]


def _plus(found: Posting, slots: Slots, worth: int) -> Posting:
    """Return `found` with `worth` more where it is also in `slots`."""
    if not len(slots) or not len(found[0]):
        return found
    at = np.minimum(np.searchsorted(slots, found[0]), len(slots) - 1)
    return found[0], found[1] + np.where(slots[at] == found[0], worth, 0).astype(np.int32)
