"""Cursors: where a list goes on, in words that only the same question understands.

A cursor is a digest of the question, the revision whose list it stands in, and the sort key of a
record, its id last.  A list goes on behind the key, at the right place even after the catalogue
has changed; only a list by relevance needs the revision, because its keys may have changed.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import isfinite
from typing import overload

from schema.ports import BadCursorError

Key = tuple[str | int | float, ...]
LONGEST = 4_000
_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_LARGEST = 1 << 62  # no key has a greater number


@dataclass(frozen=True, slots=True)
class Place:
    """What a cursor says: the revision of its list, and behind which key it goes on."""

    revision: int
    key: Key


def to_digest(*question: object) -> str:
    """Return what stands for a question."""
    return blake2b(repr(question).encode(errors="replace"), digest_size=6).hexdigest()


def to_cursor(place: Place, question: str) -> str:
    """Return the cursor of the record at `place`, for the question with this digest."""
    parts = [question, place.revision, *place.key]
    text = _to_json(parts)
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


class Cursors(Sequence[str]):
    """The cursors of a page, each made when it is asked for: few who ask for a page want them."""

    __slots__ = ("_key_of", "_question", "_revision", "_slots")

    def __init__(
        self, slots: Sequence[int], revision: int, key_of: Callable[[int], Key], question: str
    ) -> None:
        """Take where the records stand, and what gives the key of each."""
        self._slots = slots
        self._revision = revision
        self._key_of = key_of
        self._question = question

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._slots)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return the cursor of the record at a place of the page."""
        if isinstance(at, slice):
            return [self._cursor(slot) for slot in self._slots[at]]
        return self._cursor(self._slots[at])

    def _cursor(self, slot: int) -> str:
        return to_cursor(Place(self._revision, self._key_of(slot)), self._question)


def from_cursor(cursor: str, question: str, like: Key | None) -> Place:
    """Return the place in `cursor`, its key shaped as `like`.  Raises `BadCursorError`."""
    try:
        padding = "=" * (-len(cursor) % 4)
        found = json.loads(urlsafe_b64decode(cursor[:LONGEST] + padding))
    except (ValueError, RecursionError) as exc:
        raise BadCursorError("the cursor cannot be read") from exc
    if not isinstance(found, list) or len(found) <= 1 or found[0] != question:
        raise BadCursorError("the cursor belongs to another question")
    revision, *parts = found[1:]
    key = tuple(parts)
    if type(revision) is not int or not all(map(_is_usable, key)):
        raise BadCursorError("the cursor's key is not one of ours")
    if like is not None and [*map(_kind, key)] != [*map(_kind, like)]:
        raise BadCursorError("the cursor's key is not of this order")
    return Place(revision, key)


def _kind(part: object) -> type:
    return str if isinstance(part, str) else int if isinstance(part, int | float) else object


def _is_usable(part: object) -> bool:
    if isinstance(part, int | float):
        return isfinite(part) and abs(part) < _LARGEST
    return isinstance(part, str)
