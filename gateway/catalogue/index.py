"""Full-text search over what a person would type: words, or how they begin.

All words must be found somewhere in a course; a word in the title counts for more than the
same word in the summary, a whole word for more than its beginning.  Words that say "course"
or nothing need not be found.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schema.model.values import folded

TITLE, INSTITUTION, CATEGORY, SUMMARY = 8.0, 4.0, 2.0, 1.0
PREFIX = 0.6  # how much of a whole word its beginning is worth
PHRASE = 4.0  # for the words of the question one after the other in the title
MOST_WORDS = 12
_WORD = re.compile(r"\w+")
_OPTIONAL = frozenset({
    "dan", "di", "ke", "dari", "untuk", "yang", "dengan", "atau", "pada", "dalam",
    "kursus", "pelatihan", "kelas", "belajar",
    "the", "and", "of", "for", "to", "in", "a", "course", "training",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """The words of one course, by field, and its title for phrases."""

    title: str
    fields: tuple[tuple[float, frozenset[str]], ...]


def to_document(title: str, institution: str, category: str, summary: str) -> Document:
    """Return the words of a course."""
    texts = ((TITLE, title), (INSTITUTION, institution), (CATEGORY, category), (SUMMARY, summary))
    return Document(
        title=" ".join(words(title)),
        fields=tuple((weight, frozenset(words(text))) for weight, text in texts),
    )


def words(text: str) -> list[str]:
    """Return the words of `text`, folded."""
    return _WORD.findall(folded(text))


class SearchIndex:
    """An inverted index over documents, which are known by their position."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._postings: dict[str, dict[int, float]] = {}
        for ordinal, document in enumerate(documents):
            for weight, found in document.fields:
                for word in found:
                    self._postings.setdefault(word, {}).setdefault(ordinal, weight)
        self._words = sorted(self._postings)

    def search(self, text: str) -> Mapping[int, float]:
        """Return the documents that match `text`, with their scores; all without any word."""
        asked = list(dict.fromkeys(words(text)))[:MOST_WORDS]
        required = [word for word in asked if word not in _OPTIONAL] or asked
        scores: dict[int, float] | None = None
        for word in required:
            found = self._scores(word)
            if scores is None:
                scores = found
            else:
                scores = {n: scores[n] + score for n, score in found.items() if n in scores}
        if scores is None:
            return dict.fromkeys(range(len(self._documents)), 0.0)
        return self._with_bonus(scores, asked, set(asked) - set(required))

    def _scores(self, word: str) -> dict[int, float]:
        """Return the best score of each document that has `word`, or a word that begins so."""
        best: dict[int, float] = {}
        for known in self._beginning_with(word):
            worth = 1.0 if known == word else PREFIX
            for ordinal, weight in self._postings[known].items():
                if best.get(ordinal, 0.0) < weight * worth:
                    best[ordinal] = weight * worth
        return best

    def _beginning_with(self, prefix: str) -> Iterator[str]:
        for position in range(bisect_left(self._words, prefix), len(self._words)):
            if not self._words[position].startswith(prefix):
                return
            yield self._words[position]

    def _with_bonus(
        self, scores: dict[int, float], asked: Sequence[str], optional: Iterable[str]
    ) -> Mapping[int, float]:
        phrase = " ".join(asked)
        extra = [self._postings.get(word, {}) for word in optional]
        for ordinal in scores:
            if phrase in self._documents[ordinal].title:
                scores[ordinal] += PHRASE
            scores[ordinal] += sum(found.get(ordinal, 0.0) for found in extra) / 100
        return scores
