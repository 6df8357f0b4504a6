"""Cursors: where a list goes on, in words that only the same question understands.

A cursor is a digest of the question, the revision whose list it stands in, and the sort key of a
record, its id last.  A list goes on behind the key, at the right place even after the catalogue
has changed; only a list by relevance needs the revision, because its keys may have changed.
"""

import json
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import isfinite
from typing import overload

import orjson

from schema.ports import BadCursorError

Key = tuple[str | int | float, ...]
LONGEST = 4_000
_URLSAFE = bytes.maketrans(b"+/", b"-_")
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
    return _encoded([question, place.revision, *place.key])


def _encoded(parts: Sequence[object]) -> str:
    """Return URL-safe base64, unpadded, of JSON."""
    told = b2a_base64(orjson.dumps(parts), newline=False)
    return told.translate(_URLSAFE, b"=").decode()


class Cursors(Sequence[str]):
    """The cursors of a page, made when the first is asked for: few who ask for a page want them."""

    __slots__ = ("_keys_of", "_made", "_question", "_revision", "_slots")

    def __init__(
        self,
        slots: Sequence[int],
        revision: int,
        keys_of: Callable[[Sequence[int]], Sequence[Key]],
        question: Callable[[], str],
    ) -> None:
        """Take where the records stand, and what gives their keys and the question's digest."""
        self._slots = slots
        self._revision = revision
        self._keys_of = keys_of
        self._question = question
        self._made: list[str] | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._slots)

    def __iter__(self) -> Iterator[str]:
        """Give them all."""
        return iter(self._all())

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        """Return the cursor of the record at a place of the page."""
        if isinstance(at, int) and self._made is None:
            return self._cursors([self._slots[at]])[0]
        return self._all()[at]

    def _all(self) -> list[str]:
        if self._made is None:
            self._made = self._cursors(self._slots)
        return self._made

    def _cursors(self, slots: Sequence[int]) -> list[str]:
        question, revision = self._question(), self._revision
        return [_encoded([question, revision, *key]) for key in self._keys_of(slots)]


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
