"""Which courses match a filter, and how many have each value: columns of numbers by slot.

A facet counts under all filters but its own, so that a client sees what else it could have
chosen.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from gateway.catalogue.combinations import Combinations
from gateway.catalogue.entries import Entry, micros
from gateway.catalogue.facet_values import TOLD, labels_of, told_by
from schema.ports import CourseFilter, Facet, FacetName

Slots = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
NO_PRICE = -1


_PRICE = FacetName.PRICE  # finding a member of an enum takes as long as looking at 500 prices
_NAMED: Sequence[tuple[FacetName, Callable[[CourseFilter], Sequence[str]]]] = (
    (FacetName.PARTNER, attrgetter("partners")),
    (FacetName.INSTITUTION, attrgetter("institutions")),
    (FacetName.CATEGORY, attrgetter("categories")),
    (FacetName.LEVEL, attrgetter("levels")),
    (FacetName.DELIVERY_MODE, attrgetter("delivery_modes")),
    (FacetName.REGION, attrgetter("regions")),
    (FacetName.LANGUAGE, attrgetter("languages")),
)


@dataclass(slots=True)
class Matched:
    """The slots that a search and dates leave, and which of them each filtered facet takes.

    `are_all` says that the former are all there are, in order, so that a place among them is a
    slot.  Never changed, but that what is worked out once stays.
    """

    candidates: Slots
    taken: Mapping[FacetName, Flags]
    are_all: bool = False
    _flags: Flags | None = field(default=None, init=False)

    @property
    def total(self) -> int:
        """How many courses match everything."""
        return int(np.count_nonzero(self._together())) if self.taken else len(self.candidates)

    @property
    def slots(self) -> Slots:
        """The courses that match everything."""
        return self.candidates[self._together()] if self.taken else self.candidates

    def by_slot(self, size: int) -> Flags:
        """Return, by slot, of which there are `size`, which courses match everything."""
        if self.are_all and self.taken:
            return self._together()
        found: Flags = np.zeros(size, np.bool_)
        found[self.slots] = True
        return found

    def under_others(self, facet: FacetName) -> Slots:
        """Return the courses that match everything but the filter on `facet` itself."""
        others = [flags for other, flags in self.taken.items() if other != facet]
        return self.candidates[reduce(np.logical_and, others)] if others else self.candidates

    def limited_to(self, has_a_place: Flags) -> "Matched":
        """Return what is left of the matches where `has_a_place`, by slot."""
        kept = has_a_place[self.candidates]
        return Matched(
            self.candidates[kept], {facet: flags[kept] for facet, flags in self.taken.items()}
        )

    def _together(self) -> Flags:
        if self._flags is None:
            self._flags = reduce(np.logical_and, self.taken.values())
        return self._flags


class FacetColumns:
    """The filterable values of the courses in a list of slots; None where no course is."""

    def __init__(self, entries: Sequence[Entry | None], partner_names: Mapping[str, str]) -> None:
        self._values = Combinations()
        self._labels: Mapping[FacetName, dict[str, str]] = {facet: {} for facet in FacetName}
        self._partners = partner_names
        self.live: Flags = np.zeros(0, np.bool_)
        self._prices: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._starts = (np.zeros(0, np.int64), np.zeros(0, np.int32))
        self._fill(len(entries), dict(enumerate(entries)))

    def changed(self, size: int, entries: Mapping[int, Entry | None]) -> "FacetColumns":
        """Return the columns of `size` slots after those of `entries` have changed."""
        other = object.__new__(FacetColumns)
        other._values = self._values.copy()
        other._labels = {facet: dict(labels) for facet, labels in self._labels.items()}
        other._partners = self._partners
        other.live, other._prices = self.live.copy(), self._prices.copy()
        other._starts = self._starts
        other._fill(size, entries)
        return other

    def _fill(self, size: int, entries: Mapping[int, Entry | None]) -> None:
        if more := size - len(self.live):
            self.live = np.pad(self.live, (0, more))
            self._prices = np.pad(self._prices, (0, more), constant_values=NO_PRICE)
            self._values.grow(more)
        slots, found = np.fromiter(entries, np.int64, len(entries)), list(entries.values())
        self.live[slots] = [each is not None for each in found]
        self._prices[slots] = [
            NO_PRICE if each is None or each.price is None else each.price for each in found
        ]
        for facet, told in zip(TOLD, zip(*map(told_by, found), strict=True), strict=False):
            self._fill_values(facet, slots, told)
        self._values.name(self._labels)
        starts = [
            (micros(start), slot)
            for slot, each in entries.items()
            if each is not None and each.starts
            for start in each.starts
        ]
        self._starts = _with_starts(self._starts, size, list(entries), starts)
        self.show(self.live)

    def show(self, shown: Flags) -> None:
        """Take these for everything, as long as nobody else has the columns."""
        self.everything: Slots = np.flatnonzero(shown).astype(np.int32)
        self._are_all = len(self.everything) == len(shown)
        self._shown_prices = self._prices[self.everything]

    def _fill_values(
        self, facet: FacetName, slots: npt.NDArray[np.int64], told: Sequence[Hashable]
    ) -> None:
        """Note what courses have of a facet: each thing that is told is spelled out once."""
        numbers: dict[Hashable, int] = dict.fromkeys(told, 0)
        for each in numbers:
            labels = labels_of(facet, each)
            if facet is FacetName.PARTNER:
                labels = {code: self._partners.get(code, code) for code in labels}
            self._labels[facet].update(labels)
            numbers[each] = self._values.number(facet, labels)
        self._values.put(facet, slots, [numbers[each] for each in told])

    def without(self, hidden: Flags) -> "FacetColumns":
        """Return the columns without what is at `hidden` slots; it stays, to be shown again."""
        other = copy(self)
        other.show(self.live & ~hidden)
        return other

    def having(self, facet: FacetName, values: Iterable[str]) -> Slots:
        """Return the courses that are shown and have any of `values`."""
        return self.everything[self._values.holds(facet, self.everything, values)]

    def holding(self, facet: FacetName, values: Iterable[str]) -> Slots:
        """Return the courses that have any of `values`, hidden ones too."""
        there = np.flatnonzero(self.live).astype(np.int32)
        return there[self._values.holds(facet, there, values)]

    @property
    def starts(self) -> tuple[npt.NDArray[np.int64], Slots]:
        """When sessions begin, in microseconds, ascending, and the slot of each one's course."""
        return self._starts

    def matching(self, asked: CourseFilter, among: Slots) -> Matched:
        """Return the courses of `among` that match `asked`, availability aside."""
        if asked.starts_after is not None or asked.starts_before is not None:
            among = among[self._starting(asked.starts_after, asked.starts_before)[among]]
        taken = {
            facet: self._values.holds(facet, among, values)
            for facet, values_of_it in _NAMED
            if (values := values_of_it(asked))
        }
        if asked.price_min is not None or asked.price_max is not None:
            taken[_PRICE] = self._priced(among, asked.price_min, asked.price_max)
        return Matched(among, taken, among is self.everything and self._are_all)

    def counted(self, matched: Matched) -> list[Facet]:
        """Return every facet with the values that some matching course has."""
        apart = {facet: matched.under_others(facet) for facet in matched.taken}
        return self._values.count(matched.slots, apart)

    def _priced(self, among: Slots, low: int | None, high: int | None) -> Flags:
        prices = self._shown_prices if among is self.everything else self._prices[among]
        low = max(0, low or 0)
        if high is None or high < low:
            found: Flags = prices >= low if high is None else np.zeros(len(prices), np.bool_)
            return found
        # One look at both ends: what is below `low`, or has no price, is large without a sign.
        within: Flags = (prices - low if low else prices).view(np.uint64) <= high - low
        return within

    def _starting(self, first: datetime | None, last: datetime | None) -> Flags:
        moments, slots = self._starts
        begin = 0 if first is None else np.searchsorted(moments, micros(first), "left")
        end = len(moments) if last is None else np.searchsorted(moments, micros(last), "right")
        found = np.zeros(len(self.live), np.bool_)
        found[slots[begin:end]] = True
        return found


def _with_starts(
    known: tuple[npt.NDArray[np.int64], Slots],
    size: int,
    changed: Sequence[int],
    found: Sequence[tuple[int, int]],
) -> tuple[npt.NDArray[np.int64], Slots]:
    """Return `known` starts with those of the `changed` slots replaced by `found`."""
    is_changed = np.zeros(size, np.bool_)
    is_changed[np.asarray(changed, np.int64)] = True
    kept = ~is_changed[known[1]]
    moments, slots = known[0][kept], known[1][kept]
    come = np.array(sorted(found), np.int64).reshape(-1, 2)
    at = np.searchsorted(moments, come[:, 0], "right")
    return np.insert(moments, at, come[:, 0]), np.insert(slots, at, come[:, 1])
