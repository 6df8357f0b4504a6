"""Which values each course has of each facet, as numbers: a row by slot, a column by facet.

A course's values of one facet are one *combination* ("these two partners"), and the table holds
its number.  There are few combinations, so a filter is one look into a small table for each
course, and all facets are counted in one pass over the rows of a result.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from schema.ports import Facet, FacetBucket, FacetName

Slots = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Values = tuple[FacetName, tuple[str, ...]]
FACETS = tuple(FacetName)
_COLUMN = {facet: column for column, facet in enumerate(FACETS)}


class Combinations:
    """The combinations of values of every slot and facet; number 0 has none."""

    def __init__(self) -> None:
        self._numbers: npt.NDArray[np.int32] = np.zeros((0, len(FACETS)), np.int32)
        self._values: list[Values] = [(FACETS[0], ())]
        self._known: dict[Values, int] = {}
        self._with: dict[tuple[FacetName, str], list[int]] = {}
        self.name({})

    def copy(self) -> "Combinations":
        """Return the same, to be changed."""
        other = Combinations()
        other._numbers = self._numbers.copy()
        other._values = list(self._values)
        other._known = dict(self._known)
        other._with = {value: list(numbers) for value, numbers in self._with.items()}
        return other

    def grow(self, more: int) -> None:
        """Make room for so many slots."""
        self._numbers = np.pad(self._numbers, ((0, more), (0, 0)))

    def put(self, facet: FacetName, slots: npt.NDArray[np.int64], numbers: Sequence[int]) -> None:
        """Note which combination of a facet's values, by its `number`, each of `slots` has."""
        self._numbers[slots, _COLUMN[facet]] = numbers

    def number(self, facet: FacetName, values: Iterable[str]) -> int:
        """Return the number of a combination, which is a new one if nobody had it."""
        combination = facet, tuple(sorted(set(values)))
        if not combination[1]:
            return 0
        number = self._known.get(combination)
        if number is None:
            number = self._known[combination] = len(self._values)
            self._values.append(combination)
            for value in combination[1]:
                self._with.setdefault((facet, value), []).append(number)
                if len(combination[1]) > 1:
                    self.number(facet, (value,))  # where it is counted for itself
        return number

    def holds(self, facet: FacetName, slots: Slots, values: Iterable[str]) -> Flags:
        """Return which of `slots` have any of `values`."""
        table = np.zeros(len(self._values), np.bool_)
        for value in values:
            table[self._with.get((facet, value), [])] = True
        found: Flags = table[self._numbers[slots, _COLUMN[facet]]]
        return found

    def name(self, labels: Mapping[FacetName, Mapping[str, str]]) -> None:
        """Take how values are shown: those that are counted as often come in that order."""
        self._texts = [
            (values[0], labels[facet][values[0]]) if len(values) == 1 else ("", "")
            for facet, values in self._values
        ]
        texts = self._texts
        by_label = sorted(
            range(len(texts)), key=lambda number: (texts[number][1], texts[number][0])
        )
        self._ranks = np.empty(len(by_label), np.int32)
        self._ranks[by_label] = np.arange(len(by_label))
        self._columns = np.array([_COLUMN[facet] for facet, _ in self._values], np.int8)
        shares = [
            (number, self._known[facet, (value,)])
            for number, (facet, values) in enumerate(self._values)
            if len(values) > 1
            for value in values
        ]
        self._shared, self._shares = np.array(shares, np.int64).reshape(-1, 2).T

    def count(self, slots: Slots, apart: Mapping[FacetName, Slots]) -> list[Facet]:
        """Return each facet with the values that `slots` have, fullest first.

        Facets that stand `apart` are counted over slots of their own.
        """
        counts = self._counts(self._numbers[slots].ravel())
        for facet, others in apart.items():
            column = _COLUMN[facet]
            own = self._counts(self._numbers[others, column])
            counts = np.where(self._columns == column, own, counts)
        self._share_out(counts)
        held = counts.nonzero()[0]
        found, columns = counts[held], self._columns[held]
        order = np.lexsort((self._ranks[held], -found, columns))
        ends = columns[order].searchsorted(range(len(FACETS)), "right").tolist()
        texts = self._texts
        buckets = [
            FacetBucket(texts[number][0], texts[number][1], count)
            for number, count in zip(held[order].tolist(), found[order].tolist(), strict=True)
        ]
        return [
            Facet(facet, buckets[begin:end])
            for facet, begin, end in zip(FACETS, [0, *ends], ends, strict=False)
        ]

    def _counts(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        counts = np.bincount(numbers, minlength=len(self._values))
        counts[0] = 0
        return counts

    def _share_out(self, counts: npt.NDArray[np.int64]) -> None:
        """Count each value of several for itself."""
        np.add.at(counts, self._shares, counts[self._shared])
        counts[self._shared] = 0
