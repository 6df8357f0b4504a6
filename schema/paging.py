"""Paging: Relay's four arguments, checked, and the words that describe them."""

from contextlib import AbstractContextManager
from typing import Annotated, TypeVar

import strawberry

from schema.errors import bad_user_input
from schema.ports import BadCursorError, Window

DEFAULT_SIZE = 20
MAX_SIZE = 100

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many from the start, 1 to {MAX_SIZE}; {DEFAULT_SIZE} if not said."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(description="Begin after the entry of this cursor; goes with `first`."),
]
Last = Annotated[
    int | None,
    strawberry.argument(description=f"How many from the end, 1 to {MAX_SIZE}, instead of `first`."),
]
Before = Annotated[
    str | None,
    strawberry.argument(description="End before the entry of this cursor; goes with `last`."),
]

T = TypeVar("T")


def given(value: T | None) -> T | None:
    """Return `value`, with Strawberry's UNSET (no default in the SDL) as None."""
    return None if value is strawberry.UNSET else value


def to_window(
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Window:
    """Return the part of a list that a client asks for.  Raises BAD_USER_INPUT.

    `last` replaces a `first` of the default size: the default of the schema cannot be told
    from the same number in the request.
    """
    first, after, last, before = given(first), given(after), given(last), given(before)
    if last is None:
        if before is not None:
            raise bad_user_input("`before` goes with `last`; `first` goes with `after`")
        size = DEFAULT_SIZE if first is None else first
        return Window(first=checked_size("first", size), after=after)
    if first not in {None, DEFAULT_SIZE}:
        raise bad_user_input("`first` and `last` exclude each other; give one of them")
    if after is not None:
        raise bad_user_input("`after` goes with `first`; `last` goes with `before`")
    return Window(last=checked_size("last", last), before=before)


def checked_size(name: str, size: int) -> int:
    """Return `size`, given as argument `name`, if it is within bounds.  Raises BAD_USER_INPUT."""
    if not 1 <= size <= MAX_SIZE:
        raise bad_user_input(f"`{name}` is from 1 to {MAX_SIZE}, not {size}; page on for more")
    return size


class _CheckedCursors:
    """No generator, because each page of courses enters it."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, exc: object, trace: object) -> None:
        if isinstance(exc, BadCursorError):
            raise bad_user_input("this cursor is not of this list; start again without it") from exc


_CHECKED_CURSORS = _CheckedCursors()


def checked_cursors() -> AbstractContextManager[None]:
    """Turn the reader's `BadCursorError` into what a client can act upon."""
    return _CHECKED_CURSORS
