"""Keeping national ids out of whatever is said: errors and logs repeat what people send."""

import os
import re

_NATIONAL_ID = re.compile(r"[0-9]{16,}")  # also where digits of something else stand beside it


def redacted(text: str) -> str:
    """Return a text without anything that may hold a national id."""
    return _NATIONAL_ID.sub("[16 digits]", text)


def random_id(size: int) -> str:
    """Return so many random bytes, in hexadecimal, that stand in logs and errors as they are."""
    while redacted(found := os.urandom(size).hex()) != found:
        pass
    return found
