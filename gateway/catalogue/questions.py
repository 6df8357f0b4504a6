"""Questions for courses in one spelling, so that the same question is known again.  Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter
from typing import Any

from gateway.catalogue.cursors import to_digest
from gateway.catalogue.words import words
from schema.ports import CourseFilter, CourseQuery


def normalised(query: CourseQuery) -> CourseQuery:
    """Return the same question in one spelling: values sorted, the search folded."""
    asked, search = query.filter, search_of(query) or None
    if max(map(len, _lists_of(asked))) > 1:
        asked = replace(asked, **_sorted(asked))
    elif search == query.search:
        return query
    return CourseQuery(search, asked, query.sort)


def to_question(query: CourseQuery) -> str:
    """Return the digest that cursors of a `normalised` query carry."""
    return to_digest("courses", query)


def search_of(query: CourseQuery) -> str:
    """Return the words that a question looks for."""
    return _words_of(query.search) if query.search else ""


@lru_cache(maxsize=2**10)  # one request asks several times
def _words_of(search: str) -> str:
    return " ".join(words(search))


_LISTS = tuple(
    name
    for name in CourseFilter.__dataclass_fields__
    if isinstance(getattr(CourseFilter(), name), tuple)
)
_lists_of: Callable[[CourseFilter], tuple[tuple[str, ...], ...]] = attrgetter(*_LISTS)


def _sorted(asked: CourseFilter) -> Mapping[str, Any]:
    """Return what it lists, each value once and in order."""
    found = zip(_LISTS, _lists_of(asked), strict=True)
    return {name: tuple(sorted(set(values))) for name, values in found}
