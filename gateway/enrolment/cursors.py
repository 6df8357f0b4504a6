"""Cursors of the ledger's lists: opaque to clients, and good for the list that gave them alone.

A cursor is what names its list, and the place in it, as JSON.  Programmes keep the cursor of
the event feed for years: what names that list never changes.
"""

import base64
import json
from datetime import datetime

from schema.ports import BadCursorError

_LONGEST = 400

Part = str | int


def to_cursor(names: tuple[Part, ...], *place: Part) -> str:
    """Return the cursor of a place in the list that goes by `names`."""
    said = json.dumps([*names, *place])
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def from_cursor(cursor: str, names: tuple[Part, ...], *kinds: type[Part]) -> list[Part]:
    """Return the place that a cursor of this list stands for: one part of each kind.

    Raises `BadCursorError`.
    """
    try:
        if len(cursor) > _LONGEST:
            raise ValueError("too long")  # noqa: TRY301 - one way out for every bad cursor
        padded = cursor + "=" * (-len(cursor) % 4)
        said = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, TypeError, RecursionError) as exc:
        raise BadCursorError("this is no cursor; start again without one") from exc
    place = said[len(names) :] if isinstance(said, list) else []
    if not place or tuple(said[: len(names)]) != names or [*map(type, place)] != [*kinds]:
        raise BadCursorError("the cursor belongs to another list; start again without one")
    return place


def to_moment(part: Part) -> datetime:
    """Return the moment that a place names.  Raises `BadCursorError`."""
    try:
        moment = datetime.fromisoformat(str(part))
    except ValueError as exc:
        raise BadCursorError("the cursor names no moment; start again without one") from exc
    if moment.utcoffset() is None:
        raise BadCursorError("the cursor's moment has no zone; start again without one")
    return moment
