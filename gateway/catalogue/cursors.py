"""Cursors: where a list goes on, in words that only the same question understands.

A cursor is the sort key of a record, its id last, and a digest of the question.  It names
no revision, so a list goes on at the right place after the catalogue has changed.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

from schema.ports import BadCursorError

Key = tuple[str | int | float, ...]
LONGEST = 4_000


def to_digest(*question: object) -> str:
    """Return what stands for a question."""
    return blake2b(repr(question).encode(errors="replace"), digest_size=6).hexdigest()


def to_cursor(key: Key, question: str) -> str:
    """Return the cursor of the record with this sort key, for the question with this digest."""
    text = json.dumps([question, *key], separators=(",", ":"), ensure_ascii=False)
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def from_cursor(cursor: str, question: str, like: Key | None) -> Key:
    """Return the sort key in `cursor`, shaped as `like`.  Raises `BadCursorError`."""
    try:
        padding = "=" * (-len(cursor) % 4)
        found = json.loads(urlsafe_b64decode(cursor[:LONGEST] + padding))
    except (ValueError, RecursionError) as exc:
        raise BadCursorError("the cursor cannot be read") from exc
    if not isinstance(found, list) or not found or found[0] != question:
        raise BadCursorError("the cursor belongs to another question")
    key = tuple(found[1:])
    if like is not None and [*map(_kind, key)] != [*map(_kind, like)]:
        raise BadCursorError("the cursor's key is not of this order")
    return key


def _kind(part: object) -> type:
    return str if isinstance(part, str) else int if isinstance(part, int | float) else object
