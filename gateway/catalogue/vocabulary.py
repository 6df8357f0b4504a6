"""The words that courses use, and which of them a typed word means.  Immutable.

A typed word that nobody uses is the beginning of one, or else a slip of the pen: a word one
stroke away.  A rare word one stroke away from a common one is a partner's own slip and counts
as the common one.  Whatever somebody types is brought to one root, and the answer depends on
that root alone: so every spelling finds the same courses.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gateway.catalogue.layered import Layered
from gateway.catalogue.memo import Memo
from gateway.catalogue.words import stem

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SHORTEST_SLIP = 4  # letters of a typed word that may be misspelled
SHORTEST_STORED_SLIP = 6  # the same for a partner's word
RARE = 3  # courses that use a word which may be a slip
COMMONER = 3  # how many times more courses use the right word
SHORTEST_BEGINNING = 4  # letters of a root that longer ones may continue
MOST_CONTINUED = 200  # words that begin as the typed one
REMEMBERED = 1_024
MANY = 1_000  # from every so-manieth word changed on, a list is sorted anew

Stems = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a typed word stands for: the roots that are it, and those that only begin so."""

    stems: Stems
    longer: Stems = ()


class Vocabulary:
    """How many courses use each word, by whole words and by roots."""

    def __init__(self) -> None:
        self.uses = Layered[str, int]()
        self._words: list[str] = []  # ascending, as all of these are
        self._by_stem = Layered[str, list[str]]()
        self._stems: list[str] = []
        self._memo = Memo(REMEMBERED)

    def changed(self, fewer: Mapping[str, int], more: Mapping[str, int]) -> "Vocabulary":
        """Return the vocabulary after some courses, by their words, have gone and come."""
        other = Vocabulary()
        other.uses = self.uses.next() if self.uses else Layered(dict(more))
        for word in {**more, **fewer} if self.uses else ():
            uses = self.uses.get(word, 0) + more.get(word, 0) - fewer.get(word, 0)
            if uses:
                other.uses[word] = uses
            elif word in self.uses:
                del other.uses[word]
        come = {word for word in more if word not in self.uses and word in other.uses}
        gone = {word for word in fewer if word in self.uses and word not in other.uses}
        other._words = _updated(self._words, come, gone)
        differ = other._learn_stems(self._by_stem, come, gone)
        now, then = other._by_stem, self._by_stem
        other._stems = _updated(
            self._stems,
            {root for root in differ if root in now and root not in then},
            {root for root in differ if root in then and root not in now},
        )
        return other

    def _learn_stems(
        self, before: Layered[str, list[str]], come: Iterable[str], gone: Iterable[str]
    ) -> Iterable[str]:
        """Take over the words by their roots, but for those that have come and gone.

        Returns the roots that have other words than before.
        """
        differ: dict[str, set[str]] = {}
        for word in (*come, *gone):
            root = stem(word)
            differ.setdefault(root, set(before.get(root, ()))).symmetric_difference_update((word,))
        if not before:
            self._by_stem = Layered({root: sorted(told) for root, told in differ.items()})
            return differ.keys()
        self._by_stem = before.next()
        for root, told in differ.items():
            if told:
                self._by_stem[root] = sorted(told)
            else:
                del self._by_stem[root]
        return differ.keys()

    def meaning(self, word: str, *, is_last: bool) -> Meaning | None:
        """Return what `word` means here; None if nothing.  The last may still be being typed."""
        return self._memo.remembered(
            ("meaning", word, is_last), lambda: self._meaning(word, is_last=is_last)
        )

    def common(self, uses: int) -> Iterator[str]:
        """Yield the words that so many courses use, or more."""
        return (word for word in self._words if self.uses[word] >= uses)

    def beginning_with(self, prefix: str, limit: int) -> Sequence[str]:
        """Return the words that begin so, the most used first."""
        return self._memo.remembered(
            ("beginning", prefix, limit),
            lambda: sorted(_range(self._words, prefix), key=self._commonest_first)[:limit],
        )

    def _meaning(self, word: str, *, is_last: bool) -> Meaning | None:
        root = self._root(word)
        if root is not None:
            longer: Iterable[str] = ()
            if is_last and len(root) >= SHORTEST_BEGINNING:
                longer = _range(self._stems, root)
            same = self._same(root)
            return Meaning(same, tuple(each for each in longer if each not in same))
        begun = self.beginning_with(word, MOST_CONTINUED)
        if begun:
            return Meaning((), tuple(dict.fromkeys(map(stem, begun))))
        meant = self._corrected(word)
        return None if meant is None else self._meaning(meant, is_last=is_last)

    def _root(self, word: str) -> str | None:
        """Return the root of a word that is known, in this form or in another."""
        if word in self.uses:
            return stem(self._right(word))
        return stem(word) if stem(word) in self._by_stem else None

    def _right(self, word: str) -> str:
        """Return `word`, or the far commoner one of which it is a slip."""
        uses = sum(self.uses[each] for each in self._by_stem[stem(word)])  # in all its forms
        if uses > RARE or len(word) < SHORTEST_STORED_SLIP or not word.isalpha():
            return word
        near = [
            each
            for each in self._near(word)
            if len(each) >= SHORTEST_STORED_SLIP and self.uses[each] >= COMMONER * uses
        ]
        return min(near, key=self._commonest_first, default=word)

    def _same(self, root: str) -> Stems:
        """Return `root` and the roots of slips for its words."""
        found = {root: None}
        for word in self._by_stem.get(root, ()):
            if self.uses[word] < COMMONER or len(word) < SHORTEST_STORED_SLIP:
                continue  # no other word can be a slip of it
            for near in sorted(self._near(word)):
                if self.uses[near] <= RARE and self._right(near) == word:
                    found[stem(near)] = None
        return tuple(found)

    def _corrected(self, word: str) -> str | None:
        """Return the known word that is one stroke away from an unknown one."""
        if len(word) < SHORTEST_SLIP:
            return None
        near = min(self._near(word), key=self._commonest_first, default=None)
        if near is not None:
            return near
        other_forms = {each for each in strokes(word) if stem(each) in self._by_stem}
        return min(other_forms, default=None)

    def _near(self, word: str) -> set[str]:
        return self.uses.among(strokes(word)) - {word}

    def _commonest_first(self, word: str) -> tuple[int, str]:
        return (-self.uses[word], word)


def strokes(word: str) -> set[str]:
    """Return what `word` becomes by one letter too many, too few, wrong, or out of turn."""
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(begin + end[1:] for begin, end in parts if end),
        *(begin + end[1] + end[0] + end[2:] for begin, end in parts if len(end) > 1),
        *[begin + letter + end for begin, end in parts for letter in LETTERS],
        *[begin + letter + end[1:] for begin, end in parts if end for letter in LETTERS],
    }


def _updated(ascending: list[str], come: AbstractSet[str], gone: AbstractSet[str]) -> list[str]:
    """Return an ascending list with some words more and some less: quick where few differ."""
    if not come and not gone:
        return ascending
    found = list(ascending)
    if (len(come) + len(gone)) * MANY > len(ascending):
        return sorted([*(word for word in found if word not in gone), *come])
    for word in gone:
        del found[bisect_left(found, word)]
    for word in come:
        insort(found, word)
    return found


def _range(ascending: Sequence[str], prefix: str) -> Iterator[str]:
    for position in range(bisect_left(ascending, prefix), len(ascending)):
        if not ascending[position].startswith(prefix):
            return
        yield ascending[position]
