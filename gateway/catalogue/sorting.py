"""All courses sorted by every sort at once: texts are compared once, the rest is numbers.  Pure.

What `gateway.catalogue.orders` says of keys holds: they end in an id, and what comes last says so
first.  Sorting numbers is many times as fast as comparing keys.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.catalogue.entries import Entry, micros
from gateway.catalogue.orders import Entries, Ranking, liking
from schema.ports import CourseSort

Numbers = npt.NDArray[Any]
MANY = 8  # from every so-manieth course changed on, sorting anew is cheaper


def to_rankings(entries: Entries) -> Mapping[CourseSort, Ranking]:
    """Return `entries` by every sort that needs neither a search nor the clock."""
    slots = np.fromiter((n for n, each in enumerate(entries) if each), np.int32)
    found = [each for each in entries if each]
    return {sort: Ranking(entries, sort, slots[order]) for sort, order in _orders(found).items()}


def to_changed(
    rankings: Mapping[CourseSort, Ranking], before: Mapping[int, Entry | None], entries: Entries
) -> Mapping[CourseSort, Ranking]:
    """Return the rankings of `entries`, which differ from those `before` at their slots alone."""
    if len(before) * MANY > len(entries):
        return to_rankings(entries)
    return {sort: ranking.changed(before, entries) for sort, ranking in rankings.items()}


def _orders(found: list[Entry]) -> Mapping[CourseSort, Numbers]:
    """Return for each sort the positions of `found` in its order."""
    told = [  # in one pass, for the records of a large catalogue are far apart in memory
        (e.title, c.id, e.price, c.rating, c.rating_count or 0, e.created_at)
        for e in found
        if (c := e.course)
    ]
    titles, named, prices, ratings, voted, born = zip(*told, strict=True) if told else [()] * 6
    by_id = np.argsort(np.array(named, "S"))
    ids = _ranks(by_id)
    by_title = np.array(sorted(by_id.tolist(), key=titles.__getitem__), np.int64)  # stable
    price, rating = _with_none(prices), _with_none(ratings)
    votes = -np.array(voted, np.int64)
    liked = np.array([-liking(*each) for each in zip(ratings, voted, strict=True)], np.float64)
    created = -np.array([*map(micros, born)], np.int64)
    return {  # the last key decides first
        CourseSort.RELEVANCE: np.lexsort((_ranks(by_title), liked)),
        CourseSort.PRICE_ASC: np.lexsort((ids, price[1], price[0])),
        CourseSort.PRICE_DESC: np.lexsort((ids, -price[1], price[0])),
        CourseSort.NEWEST: np.lexsort((ids, created)),
        CourseSort.RATING: np.lexsort((ids, votes, -rating[1], rating[0])),
        CourseSort.TITLE: by_title,
    }


def _ranks(order: Numbers) -> Numbers:
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _with_none(told: Sequence[float | None]) -> tuple[Numbers, Numbers]:
    """Return whether each is untold, which comes last, and the values."""
    is_none = np.array([each is None for each in told], np.bool_)
    return is_none, np.array([0 if each is None else each for each in told])
