"""Orders: the courses of a snapshot by one sort key, and parts of them.  Pure.

Keys ascend and end in an id, so that no two are equal; what comes last ("no price") says
so in its first part.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from gateway.catalogue.cursors import Key, from_cursor, to_cursor
from gateway.catalogue.entries import Entry
from schema.ports import CourseSort, Slice, Window

T = TypeVar("T")

_VOTES = 20  # that a rating needs to be half believed, where popularity is asked


@dataclass(frozen=True, slots=True)
class Order:
    """Keys, ascending, and the ordinal of the record at each."""

    keys: Sequence[Key]
    ordinals: Sequence[int]


def to_order(keyed: Iterable[tuple[Key, int]]) -> Order:
    """Return ordinals in the order of their keys."""
    found = sorted(keyed)
    return Order([key for key, _ in found], [ordinal for _, ordinal in found])


def by_sort(entries: Sequence[Entry], sort: CourseSort) -> Order:
    """Return `entries` in an order that neither a search nor the clock changes."""
    to_key = _KEYS[sort]
    return to_order(((*to_key(entry), entry.course.id), n) for n, entry in enumerate(entries))


def by_start(entries: Sequence[Entry], now: datetime) -> Order:
    """Return `entries` by their next session after `now`; those without one come last."""
    return to_order(
        ((*_start_key(entry, now), entry.course.id), n) for n, entry in enumerate(entries)
    )


def part_of(
    order: Order, flags: str, records: Callable[[int], T], window: Window, question: str
) -> Slice[T]:
    """Return the part of `order` that `window` asks for, of the records whose flag is "1".

    Raises `BadCursorError`.
    """
    size = len(order.keys)
    first = _position(order, window.after, question, bisect_right, 0)
    end = _position(order, window.before, question, bisect_left, size)

    def matches(positions: range) -> Iterator[int]:
        return (n for n in positions if flags[order.ordinals[n]] == "1")

    if window.last is None:
        wanted = window.first or 0
        found = list(islice(matches(range(first, end)), wanted + 1))
        shown, has_next = found[:wanted], len(found) > wanted
        has_previous = next(matches(range(first - 1, -1, -1)), None) is not None
    else:
        found = list(islice(matches(range(end - 1, first - 1, -1)), window.last + 1))
        shown, has_previous = found[: window.last][::-1], len(found) > window.last
        has_next = next(matches(range(end, size)), None) is not None
    return Slice(
        nodes=[records(order.ordinals[n]) for n in shown],
        cursors=[to_cursor(order.keys[n], question) for n in shown],
        has_next=has_next,
        has_previous=has_previous,
        total=flags.count("1"),
    )


def _position(
    order: Order,
    cursor: str | None,
    question: str,
    bisect: Callable[[Sequence[Key], Key], int],
    default: int,
) -> int:
    if cursor is None:
        return default
    like = order.keys[0] if order.keys else None
    key = from_cursor(cursor, question, like)
    return bisect(order.keys, key)


def _last_if_none(value: float | None) -> tuple[int, float]:
    return (1, 0) if value is None else (0, value)


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def _start_key(entry: Entry, now: datetime) -> Key:
    upcoming = bisect_right(entry.starts, now)
    at = _micros(entry.starts[upcoming]) if upcoming < len(entry.starts) else None
    return (*_last_if_none(at), entry.title)


def _rating_key(entry: Entry) -> Key:
    rating = entry.course.rating
    return (*_last_if_none(None if rating is None else -rating), -(entry.course.rating_count or 0))


def _popularity_key(entry: Entry) -> Key:
    return (-popularity(entry), entry.title)


def popularity(entry: Entry) -> float:
    """Return how well a course is liked, by rating and by how many said so."""
    votes = entry.course.rating_count or 0
    return round((entry.course.rating or 0.0) * votes / (votes + _VOTES), 6)


_KEYS: dict[CourseSort, Callable[[Entry], Key]] = {
    CourseSort.RELEVANCE: _popularity_key,
    CourseSort.PRICE_ASC: lambda entry: _last_if_none(entry.price),
    CourseSort.PRICE_DESC: lambda entry: _last_if_none(
        None if entry.price is None else -entry.price
    ),
    CourseSort.NEWEST: lambda entry: (-_micros(entry.created_at),),
    CourseSort.RATING: _rating_key,
    CourseSort.TITLE: lambda entry: (entry.title,),
}
