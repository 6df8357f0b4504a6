"""How webhooks are signed, by the Standard Webhooks specification.  Pure: the clock is passed in.

The library makes signatures.  Checking them is done here: the library's own check takes the time
from the system, raises `ValueError` for headers that are not as it expects, and stops at the
first signature that is malformed.
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

WINDOW = timedelta(minutes=5)  # how far the clocks may be apart, either way
LONGEST_ID = 200
_PREFIX = "whsec_"
_SECRET_BYTES = 32
_ID = re.compile(rf"[!-~]{{1,{LONGEST_ID}}}", re.ASCII)
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_SIGNED = "v1,"  # by a shared secret; `v1a,` would be by a key pair


@dataclass(frozen=True, slots=True)
class Envelope:
    """The three headers of a webhook, as they came."""

    message_id: str
    timestamp: str
    signatures: str


def new_secret() -> str:
    """Return a secret, as the specification writes them."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> str:
    """Return the signature of a message, with its version."""
    return Webhook(secret).sign(message_id, at.astimezone(UTC), body.decode())


def is_signed(envelope: Envelope, body: bytes, known: Sequence[str]) -> bool:
    """Return whether one of the `known` secrets signed these very bytes.

    Every secret is tried on every signature, so that the time taken says nothing.
    """
    at = to_time(envelope)
    if at is None or not _ID.fullmatch(envelope.message_id):
        return False
    try:
        wanted = [sign(secret, envelope.message_id, at, body).encode() for secret in known]
    except UnicodeDecodeError:  # what is no text was signed by nobody
        return False
    given = _signatures(envelope)
    return any([hmac.compare_digest(one, other) for one in wanted for other in given])  # noqa: C419 - all of them


def is_timely(envelope: Envelope, now: datetime) -> bool:
    """Return whether a message was sent near enough to now."""
    at = to_time(envelope)
    return at is not None and abs(now - at) <= WINDOW


def to_time(envelope: Envelope) -> datetime | None:
    """Return when a message says that it was sent; None if it says nothing readable."""
    if not _TIMESTAMP.fullmatch(envelope.timestamp):
        return None
    try:
        return datetime.fromtimestamp(int(envelope.timestamp), UTC)
    except (ValueError, OverflowError):  # beyond the calendar
        return None


def _signatures(envelope: Envelope) -> list[bytes]:
    """Return the signatures of a header that are of our kind, each written in one way."""
    found = []
    for each in envelope.signatures.split(" "):
        if each.startswith(_SIGNED):
            try:
                told = base64.b64decode(each.removeprefix(_SIGNED), validate=True)
            except (binascii.Error, ValueError):
                continue
            found.append(_SIGNED.encode() + base64.b64encode(told))
    return found
