"""Keeping national ids out of whatever is said: errors and logs repeat what people send."""

import os
import re
from collections import defaultdict

_NATIONAL_ID = re.compile(r"[0-9]{16,}")  # also where digits of something else stand beside it
_DRAWN_AT_ONCE = 64  # ids, as each call of the system takes longer than all else
_drawn: defaultdict[int, list[str]] = defaultdict(list)  # by size; nobody has had them yet


def redacted(text: str) -> str:
    """Return a text without anything that may hold a national id."""
    return _NATIONAL_ID.sub("[16 digits]", text)


def random_id(size: int) -> str:
    """Return so many random bytes, in hexadecimal, that stand in logs and errors as they are."""
    drawn = _drawn[size]
    while True:
        try:
            return drawn.pop()
        except IndexError:
            drawn.extend(_draw(size))


def _draw(size: int) -> list[str]:
    found = os.urandom(size * _DRAWN_AT_ONCE).hex()
    ids = (found[at : at + 2 * size] for at in range(0, len(found), 2 * size))
    return [each for each in ids if redacted(each) == each]


os.register_at_fork(after_in_child=_drawn.clear)  # or two processes would draw the same
