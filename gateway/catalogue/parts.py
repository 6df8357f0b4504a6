"""Parts of an order: the courses of one page, found by their places.  Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.catalogue.orders import Places, Slots

Bounds = tuple[int | None, int | None]  # the first place of a part, and the one behind its last
_SPARSE = 16  # times as many places as courses


@dataclass(slots=True)
class Part:
    """The slots of one page, in order, and what lies around them."""

    slots: Sequence[int]
    has_next: bool
    has_previous: bool


def page_of(
    places: Places,
    slots: Slots,
    wanted: int,
    bounds: Bounds,
    *,
    from_end: bool,
) -> Part:
    """Return the `wanted` first (or last) of `slots` whose places lie within `bounds`."""
    first, end = bounds
    last = int(np.maximum.reduce(places))
    if last < _SPARSE * len(places):  # seating courses takes a tenth of what sorting takes
        ordered = _seated(places, slots, bounds, wanted + 1, last=last, from_end=from_end)
    else:
        ordered = _sorted(places, slots, bounds, wanted + 1, from_end=from_end)
    outside_before = first is not None and bool((places < first).any())
    outside_after = end is not None and bool((places >= end).any())
    return part_of(ordered, wanted, from_end=from_end, around=(outside_before, outside_after))


def part_of(
    ordered: Sequence[int],
    wanted: int,
    *,
    from_end: bool,
    around: tuple[bool, bool] = (False, False),
) -> Part:
    """Return the page of which `ordered` has one more, if there is one.

    `around` tells whether something lies before, and behind, what it was taken from.
    """
    has_more, (before, after) = len(ordered) > wanted, around
    shown = (ordered[1:] if from_end else ordered[:-1]) if has_more else ordered
    if from_end:
        return Part(shown, has_next=after, has_previous=has_more or before)
    return Part(shown, has_next=has_more or after, has_previous=before)


def _seated(
    places: Places, slots: Slots, bounds: Bounds, most: int, *, last: int, from_end: bool
) -> list[int]:
    """Return the `most` first (or last) of `slots` between two places, no two of them equal."""
    first, end = bounds
    seats = np.empty(last + 1, np.int32)
    seats.fill(-1)
    seats[places] = slots
    inside = seats[max(0, first or 0) : None if end is None else max(0, end)]
    found = inside[inside >= 0]
    ordered: list[int] = (found[-most:] if from_end else found[:most]).tolist()
    return ordered


def _sorted(
    places: Places, slots: Slots, bounds: Bounds, most: int, *, from_end: bool
) -> list[int]:
    """Return the same by sorting no more than is asked for."""
    first, end = bounds
    if bounds != (None, None):
        inside = np.ones(len(slots), np.bool_)
        inside &= places >= first if first is not None else True
        inside &= places < end if end is not None else True
        places, slots = places[inside], slots[inside]
    if len(places) > most:
        cut = len(places) - most if from_end else most - 1
        last = np.partition(places, cut)[cut]  # in a third of the time that argpartition takes
        kept = places >= last if from_end else places <= last
        places, slots = places[kept], slots[kept]
    ordered: list[int] = slots[places.argsort()].tolist()
    return ordered
