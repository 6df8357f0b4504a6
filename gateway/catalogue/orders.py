"""Orders: the courses of a snapshot by one sort key.  Pure.

Keys ascend and end in an id, so that no two are equal; what comes last ("no price") says so in
its first part.  An order gives every slot a *place*, a number: whoever needs one page looks at
the places of the courses that match, and never sorts the catalogue.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gateway.catalogue.cursors import Key
from gateway.catalogue.entries import Entry, micros
from gateway.catalogue.index import Found
from schema.ports import CourseSort

Slots = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Entries = Sequence[Entry | None]

_VOTES = 20  # that a rating needs to be half believed, where popularity is asked
_RANKS = 32  # bits of a place that hold a rank within equal scores or starts
_SPARSE = 16  # times as many courses as are looked for
_REACH = 4  # times as many are looked at where those were not enough
_NEAR = 1_024  # that lie at hand, at either end, in the numbers that are looked up soonest
MOST_KEYS = 4_096  # kept at hand: what comes first is asked for most


class Order(Protocol):
    """The places of a snapshot's courses by one sort."""

    def places(self, slots: Slots) -> Places:
        """Return the places of `slots`: a smaller one comes earlier."""

    def keys(self, slots: Sequence[int]) -> Sequence[Key]:
        """Return the sort keys of slots, for their cursors."""

    def place(self, key: Key, *, after: bool) -> int:
        """Return the place of `key`, or with `after` the next one behind it."""

    def like(self) -> Key | None:
        """Return any key of this order, to check others by; None when it is empty."""


class Ranking:
    """An order that neither a search nor the clock changes."""

    def __init__(
        self, entries: Entries, sort: CourseSort, slots: Slots, ranks: Places | None = None
    ) -> None:
        """Make the order in which `slots` come; `ranks`, where they are known, are their places."""
        self._entries = entries
        self._to_key = _KEYS[sort]
        self._sort = sort
        self.slots = slots
        if ranks is None:
            ranks = np.full(len(entries), -1, np.int64)
            ranks[slots] = np.arange(len(slots))
        self._ranks = ranks
        self._first, self._last = (part.astype(np.intp) for part in (slots[:_NEAR], slots[-_NEAR:]))
        self._keys: dict[int, Key] = {}

    def changed(self, before: Mapping[int, Entry | None], entries: Entries) -> "Ranking":
        """Return the order of `entries`, which differ from those `before` at their slots alone."""
        moved = [slot for slot, entry in before.items() if not self._stays(entry, entries[slot])]
        if not moved and len(entries) == len(self._ranks):
            return Ranking(entries, self._sort, self.slots, self._ranks)
        gone = self._ranks[[slot for slot in moved if slot < len(self._ranks)]]
        slots = np.delete(self.slots, gone[gone >= 0])
        come = sorted((self._to_key(each), slot) for slot in moved if (each := entries[slot]))
        at = [
            bisect_left(slots, key, key=lambda n: self._to_key(_entry(entries, n)))
            for key, _ in come
        ]
        return Ranking(entries, self._sort, np.insert(slots, at, [slot for _, slot in come]))

    def _stays(self, before: Entry | None, after: Entry | None) -> bool:
        """Return whether a course has the place that it had."""
        if before is None or after is None:
            return before is after
        return self._to_key(before) == self._to_key(after)

    def places(self, slots: Slots) -> Places:
        """See `Order.places`."""
        found: Places = self._ranks[slots]
        return found

    def is_quick(self, wanted: int) -> bool:
        """Return whether `ends` finds so many sooner than their places do: not few among many."""
        return wanted * _SPARSE > len(self.slots)

    def ends(self, is_wanted: Flags, wanted: int, most: int, *, from_end: bool) -> list[int]:
        """Return the `most` first (or last) slots of those `wanted`, and look no further."""
        near: npt.NDArray[Any] = self._last if from_end else self._first
        reach = most + 2 * most * (len(self.slots) - wanted) // wanted  # twice as many between
        found = part = near[:0]
        while len(found) < most and len(part) < len(self.slots):
            among = near if reach <= len(near) else self.slots
            part = among[-reach:] if from_end else among[:reach]
            found = part[is_wanted[part]]
            reach *= _REACH
        ordered: list[int] = (found[-most:] if from_end else found[:most]).tolist()
        return ordered

    def keys(self, slots: Sequence[int]) -> Sequence[Key]:
        """See `Order.keys`."""
        if len(self._keys) > MOST_KEYS:
            self._keys.clear()
        known = self._keys
        return [known.get(slot) or known.setdefault(slot, self._key(slot)) for slot in slots]

    def _key(self, slot: int) -> Key:
        return self._to_key(_entry(self._entries, slot))

    def place(self, key: Key, *, after: bool) -> int:
        """See `Order.place`."""
        bisect = bisect_right if after else bisect_left
        return bisect(self.slots, key, key=self._key)

    def like(self) -> Key | None:
        """See `Order.like`."""
        return self._key(self.slots[0]) if len(self.slots) else None


class Starting:
    """By the next session after the `passed` ones; courses without one come last, by title."""

    def __init__(
        self, size: int, titles: Ranking, starts: tuple[Places, Slots], passed: int
    ) -> None:
        self._titles = titles
        moments, slots = starts[0][passed:], starts[1][passed:]
        self._moments = np.unique(moments)
        numbers = np.searchsorted(self._moments, moments)
        self._next = np.full(size, len(self._moments), np.int64)
        self._next[slots[::-1]] = numbers[::-1]  # the last one written is the soonest

    @staticmethod
    def passed(starts: tuple[Places, Slots], now: datetime) -> int:
        """Return how many of `starts` have begun by `now`: until it grows, the order stands."""
        return int(np.searchsorted(starts[0], micros(now), "right"))

    def places(self, slots: Slots) -> Places:
        """See `Order.places`."""
        return (self._next[slots] << _RANKS) + self._titles.places(slots)

    def keys(self, slots: Sequence[int]) -> Sequence[Key]:
        """See `Order.keys`."""
        starts, titles = map(self._start, slots), self._titles.keys(slots)
        return [(*_last_if_none(at), *title) for at, title in zip(starts, titles, strict=True)]

    def _start(self, slot: int) -> int | None:
        number = self._next[slot]
        return int(self._moments[number]) if number < len(self._moments) else None

    def place(self, key: Key, *, after: bool) -> int:
        """See `Order.place`."""
        has_none, at, *by_title = key
        number = int(np.searchsorted(self._moments, at)) if not has_none else len(self._moments)
        is_there = has_none or (number < len(self._moments) and self._moments[number] == at)
        rank = self._titles.place(tuple(by_title), after=after) if is_there else 0
        return (number << _RANKS) + rank

    def like(self) -> Key | None:
        """See `Order.like`."""
        found = self._titles.like()
        return None if found is None else (0, 0, *found)


class Relevance:
    """By how well courses fit a search, then by how they are liked; holds only what was found."""

    def __init__(self, found: Found, liked: Ranking) -> None:
        self.found = found
        self._liked = liked

    def places(self, slots: Slots) -> Places:
        """See `Order.places`."""
        return ((_MOST - self._scores(slots)) << _RANKS) + self._liked.places(slots)

    def has(self, slots: Slots) -> npt.NDArray[np.bool_]:
        """Return which of `slots` the search found."""
        if not len(self.found.slots):
            return np.zeros(len(slots), np.bool_)
        at = np.searchsorted(self.found.slots, slots)
        flags: npt.NDArray[np.bool_] = self.found.slots[_within(at, self.found.slots)] == slots
        return flags

    def keys(self, slots: Sequence[int]) -> Sequence[Key]:
        """See `Order.keys`."""
        scores = self.found.scores[self.found.slots.searchsorted(slots)].tolist()
        liked = self._liked.keys(slots)
        return [(-score, *rest) for score, rest in zip(scores, liked, strict=True)]

    def place(self, key: Key, *, after: bool) -> int:
        """See `Order.place`."""
        score, *liked = key
        rank = self._liked.place(tuple(liked), after=after)
        return ((_MOST + int(score)) << _RANKS) + rank  # the key holds the score's negative

    def like(self) -> Key | None:
        """See `Order.like`."""
        found = self._liked.like()
        return None if found is None else (0, *found)

    def _scores(self, slots: Slots) -> Places:
        at = _within(np.searchsorted(self.found.slots, slots), self.found.slots)
        return self.found.scores[at].astype(np.int64)


_MOST = 1 << 30  # more than any score


def _within(at: npt.NDArray[np.int64], found: Slots) -> npt.NDArray[np.int64]:
    return np.minimum(at, len(found) - 1)


def _entry(entries: Entries, slot: int) -> Entry:
    entry = entries[slot]
    if entry is None:
        raise LookupError(f"no course at slot {slot}")
    return entry


def _last_if_none(value: float | None) -> tuple[int, float]:
    return (1, 0) if value is None else (0, value)


def _rating_key(entry: Entry) -> Key:
    rating = entry.course.rating
    return (*_last_if_none(None if rating is None else -rating), -(entry.course.rating_count or 0))


def popularity(entry: Entry) -> float:
    """Return how well a course is liked, by rating and by how many said so."""
    return liking(entry.course.rating, entry.course.rating_count)


def liking(rating: float | None, votes: int | None) -> float:
    """Return how well is liked what so many have rated so."""
    if not rating or not votes:  # as most is
        return 0.0
    return round(rating * votes / (votes + _VOTES), 6)


def _with_id(to_key: Callable[[Entry], Key]) -> Callable[[Entry], Key]:
    return lambda entry: (*to_key(entry), entry.course.id)


_KEYS: Mapping[CourseSort, Callable[[Entry], Key]] = {
    CourseSort.RELEVANCE: lambda entry: (-popularity(entry), entry.title, entry.course.id),
    CourseSort.PRICE_ASC: _with_id(lambda entry: _last_if_none(entry.price)),
    CourseSort.PRICE_DESC: _with_id(
        lambda entry: _last_if_none(None if entry.price is None else -entry.price)
    ),
    CourseSort.NEWEST: _with_id(lambda entry: (-micros(entry.created_at),)),
    CourseSort.RATING: _with_id(_rating_key),
    CourseSort.TITLE: _with_id(lambda entry: (entry.title,)),
}
