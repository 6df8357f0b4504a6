"""How a call of the official partner API is signed.  Pure: the clock is passed in.

HMAC-SHA1 over client code, timestamp, method, path, the `Authorization` header if it is sent,
and the body, with nothing between them.  The published clients do not all sign the bytes that
they send: Python's signs compact JSON and sends it with spaces, PHP's signs unescaped text and
sends it escaped.  So the bytes are tried first, then the named legacy form: the body that was
parsed, written compact and unescaped with its keys in the order sent.
"""

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

WINDOW = timedelta(minutes=5)  # how far the clocks may be apart, either way
_TIMESTAMP = re.compile(rb"[1-9][0-9]{0,11}")
_SIGNATURE = re.compile(rb"[0-9a-f]{40}")


class Form(StrEnum):
    """Which text of a body was signed."""

    AS_SENT = "AS_SENT"
    COMPACT = "COMPACT"  # legacy


@dataclass(frozen=True, slots=True)
class SignedCall:
    """What a signature is made over, as bytes, for that is what is signed."""

    client_code: bytes
    timestamp: bytes
    method: str
    path: str
    authorization: bytes | None
    body: bytes

    def text(self, body: bytes) -> bytes:
        """Return the text to sign, with a body."""
        sent = self.client_code + self.timestamp + f"{self.method}{self.path}".encode()
        return sent + (self.authorization or b"") + body


def sign(key: str, text: bytes) -> str:
    """Return the signature of a text."""
    return hmac.digest(key.encode(), text, "sha1").hex()


def parse(body: bytes) -> Mapping[str, Any] | None:
    """Return the JSON object of a body, strictly; None for anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def verify(
    call: SignedCall, signature: bytes, keys: Sequence[str], parsed: Mapping[str, Any] | None
) -> Form | None:
    """Return the form in which one of `keys` signed the call; None: none did.

    `parsed` is the body if the legacy form is good, too.  Every key is tried on every form, so
    that the time taken says nothing.
    """
    if not _SIGNATURE.fullmatch(signature):
        return None
    found = [
        form
        for form, body in _bodies(call, parsed)
        for key in keys
        if hmac.compare_digest(sign(key, call.text(body)).encode(), signature)
    ]
    return found[0] if found else None


def is_timely(timestamp: bytes, now: datetime) -> bool:
    """Return whether a timestamp, in whole Unix seconds, is near enough to now."""
    if not _TIMESTAMP.fullmatch(timestamp):
        return False
    return abs(now - datetime(1970, 1, 1, tzinfo=UTC) - timedelta(seconds=int(timestamp))) <= WINDOW


def _bodies(call: SignedCall, parsed: Mapping[str, Any] | None) -> Iterator[tuple[Form, bytes]]:
    yield Form.AS_SENT, call.body
    if parsed is not None:
        yield Form.COMPACT, orjson.dumps(parsed)
