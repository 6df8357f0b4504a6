"""Parts of ordered lists: what is asked for, and what is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar


class BadCursorError(ValueError):
    """The cursor is not one that this question gave out."""


# Windows and slices are never changed, and not frozen because that doubles what making one takes.
@dataclass(slots=True)
class Window:
    """Which part of an ordered list is asked for: Relay's four arguments, checked.

    Exactly one of `first` and `last` is set, from 1 to 100.
    """

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


T = TypeVar("T")


@dataclass(slots=True)
class Slice(Generic[T]):
    """Part of an ordered list: the records, a cursor for each, and what lies around them."""

    nodes: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    total: int
