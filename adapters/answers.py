"""What a partner answered, and what its status means.  Pure: the clock is passed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from adapters.errors import (
    CursorExpiredError,
    PartnerAccessError,
    PartnerContractError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.rules import Meaning

LONGEST_WAIT_SECONDS = 900.0
_TRY_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_REFUSALS: Mapping[Meaning, type[PartnerRefusedError]] = {
    Meaning.REFUSED: PartnerRefusedError,
    Meaning.UNAUTHORISED: PartnerAccessError,
    Meaning.FORBIDDEN: PartnerAccessError,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self, encoding: str = "utf-8") -> str:
        """Return the body as text; what is no text in `encoding` becomes U+FFFD."""
        return self.body.decode(encoding, errors="replace")


def plain_meaning(status: int) -> Meaning:
    """Return what a status that is not a success means in HTTP itself."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Meaning.THROTTLED
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TRY_AGAIN:
        return Meaning.UNAVAILABLE
    if status == HTTPStatus.UNAUTHORIZED:
        return Meaning.UNAUTHORISED
    if status == HTTPStatus.FORBIDDEN:
        return Meaning.FORBIDDEN
    if status >= HTTPStatus.BAD_REQUEST:
        return Meaning.REFUSED
    return Meaning.CONTRACT  # a redirect: the address in the partners file is not the right one


def to_error(
    partner: str, answer: Answer, means: Meaning, code: str | None, now: datetime
) -> PartnerError:
    """Return the error for an answer that `means` such a thing; `code` is the partner's own."""
    reason = f"answered HTTP {answer.status}" + (f" with code {code!r}" if code else "")
    if means is Meaning.THROTTLED:
        told = answer.headers.get("retry-after")
        wait = retry_after_seconds(told, now)
        return PartnerThrottledError(partner, retry_after=wait)
    if means in _REFUSALS:
        return _REFUSALS[means](partner, reason, code=code)
    kinds = {
        Meaning.UNAVAILABLE: PartnerUnavailableError,
        Meaning.CURSOR_EXPIRED: CursorExpiredError,
        Meaning.CONTRACT: PartnerContractError,
    }
    return kinds[means](partner, reason)


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Return what a Retry-After header asks for, from 0 to 900 s; None if it says nothing.

    Both forms of HTTP are read: seconds, and a date.
    """
    if header is None:
        return None
    try:
        seconds = min(max(int(header), 0), LONGEST_WAIT_SECONDS)  # as a float it may be too long
    except ValueError:
        try:
            until = parsedate_to_datetime(header)
        except (ValueError, OverflowError):
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        seconds = (until - now).total_seconds()
    return float(min(max(seconds, 0), LONGEST_WAIT_SECONDS))
