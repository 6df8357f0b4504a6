"""Which courses match a filter, and how many have each value: one bit per course.

A filter is one set of courses per facet that it names.  A facet counts under all of them
but its own, so that a client sees what else it could have chosen.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

from gateway.catalogue.bits import to_mask
from gateway.catalogue.entries import Entry
from schema.ports import CourseFilter, Facet, FacetBucket, FacetName


@dataclass(frozen=True, slots=True)
class Matched:
    """The courses that match, and for each filtered facet those that match all else."""

    mask: int
    without: Mapping[FacetName, int]

    def under_others(self, facet: FacetName) -> int:
        """Return the courses that match everything but the filter on `facet` itself."""
        return self.without.get(facet, self.mask)

    def limited_to(self, mask: int) -> "Matched":
        """Return what is left of the matches within `mask`."""
        return Matched(
            self.mask & mask, {facet: found & mask for facet, found in self.without.items()}
        )

    @property
    def candidates(self) -> int:
        """Every course that any count or list of this question may contain."""
        return reduce(lambda a, b: a | b, self.without.values(), self.mask)


class FacetColumns:
    """The filterable values of a list of entries, which are known by their position."""

    def __init__(self, entries: Sequence[Entry], partner_names: Mapping[str, str]) -> None:
        self._size = len(entries)
        self.everything = (1 << self._size) - 1
        having: dict[FacetName, dict[str, list[int]]] = {facet: {} for facet in FacetName}
        self._labels: dict[tuple[FacetName, str], str] = {}
        for ordinal, entry in enumerate(entries):
            for each in entry.values:
                having[each.facet].setdefault(each.value, []).append(ordinal)
                self._labels.setdefault((each.facet, each.value), each.label)
        self._labels |= {(FacetName.PARTNER, code): name for code, name in partner_names.items()}
        self._masks = {
            facet: {value: to_mask(ordinals, self._size) for value, ordinals in values.items()}
            for facet, values in having.items()
        }
        self._prices = _Range((e.price, n) for n, e in enumerate(entries) if e.price is not None)
        self._starts = _Range((start, n) for n, e in enumerate(entries) for start in e.starts)

    def having(self, facet: FacetName, values: Iterable[str]) -> int:
        """Return the courses that have any of `values`."""
        masks = self._masks[facet]
        return reduce(lambda found, value: found | masks.get(value, 0), values, 0)

    def started_before(self, now: datetime) -> int:
        """Return how many sessions have begun by `now`."""
        return self._starts.count_until(now)

    def matching(self, asked: CourseFilter, among: int) -> Matched:
        """Return the courses of `among` that match `asked`, availability aside."""
        if asked.starts_after is not None or asked.starts_before is not None:
            among &= self._starts.within(asked.starts_after, asked.starts_before, self._size)
        chosen = self._chosen(asked)
        without = {
            facet: reduce(and_, (mask for other, mask in chosen.items() if other != facet), among)
            for facet in chosen
        }
        return Matched(reduce(and_, chosen.values(), among), without)

    def counted(self, matched: Matched) -> list[Facet]:
        """Return every facet with the values that some matching course has."""
        return [self._facet(facet, matched.under_others(facet)) for facet in FacetName]

    def _chosen(self, asked: CourseFilter) -> dict[FacetName, int]:
        named = {
            FacetName.PARTNER: asked.partners,
            FacetName.INSTITUTION: asked.institutions,
            FacetName.CATEGORY: asked.categories,
            FacetName.LEVEL: asked.levels,
            FacetName.DELIVERY_MODE: asked.delivery_modes,
            FacetName.REGION: asked.regions,
            FacetName.LANGUAGE: asked.languages,
        }
        chosen = {facet: self.having(facet, values) for facet, values in named.items() if values}
        if asked.price_min is not None or asked.price_max is not None:
            chosen[FacetName.PRICE] = self._prices.within(
                asked.price_min, asked.price_max, self._size
            )
        return chosen

    def _facet(self, facet: FacetName, among: int) -> Facet:
        buckets = [
            FacetBucket(value, self._labels[facet, value], count)
            for value, mask in self._masks[facet].items()
            if (count := (mask & among).bit_count())
        ]
        return Facet(facet, sorted(buckets, key=_fullest_first))


class _Range:
    """Courses by something that can be compared: a price, a start."""

    def __init__(self, pairs: Iterable[tuple[Any, int]]) -> None:
        found = sorted(pairs)
        self._values = [value for value, _ in found]
        self._ordinals = [ordinal for _, ordinal in found]

    def count_until(self, high: Any) -> int:
        """Return how many stand up to `high`, inclusive."""
        return bisect_right(self._values, high)

    def within(self, low: Any, high: Any, size: int) -> int:
        """Return the courses from `low` to `high`, both inclusive, None without a bound."""
        first = 0 if low is None else bisect_left(self._values, low)
        end = len(self._values) if high is None else bisect_right(self._values, high)
        return to_mask(self._ordinals[first:end], size)


def _fullest_first(bucket: FacetBucket) -> tuple[int, str, str]:
    return (-bucket.count, bucket.label, bucket.value)
