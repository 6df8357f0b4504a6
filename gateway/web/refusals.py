"""Why a request is turned away before GraphQL looks at it: each reason has a code and a status."""

from collections.abc import Mapping
from enum import Enum


class EnvelopeCode(Enum):
    """What is wrong with the HTTP around a question; its name is told as `extensions.code`."""

    def __init__(self, status: int, meaning: str) -> None:
        self.status = status
        self.meaning = meaning

    BAD_REQUEST = 400, "Body or address are no request of GraphQL over HTTP."
    BATCH_REFUSED = (
        400,
        "An array of operations, where `MITRA_MOST_BATCHED` lets in none or fewer.",
    )
    CSRF_PREVENTED = (
        400,
        "A GET with a text of its own that a page of somebody else may have caused.",
    )
    SUBSCRIPTION_NEEDS_STREAM = 400, "A subscription that would be answered once."
    UNAUTHENTICATED = 401, "A token that proves nothing, whatever is asked."
    ORIGIN_NOT_ALLOWED = 403, "A preflight for a page that `MITRA_CORS_ORIGINS` does not name."
    METHOD_NOT_ALLOWED = 405, "Neither GET nor POST, or a mutation by GET; `Allow` says which."
    NOT_ACCEPTABLE = 406, "`Accept` names no form that there is."
    BODY_TOO_SLOW = 408, "A body that did not arrive in time; the connection is closed."
    BODY_TOO_LARGE = 413, "A body of more than 2 MB; the connection is closed."
    UNSUPPORTED_MEDIA_TYPE = 415, "A body that is not JSON in UTF-8, or is packed."
    UNAVAILABLE = 503, "A token that cannot be checked just now: keep it; `Retry-After` says when."


class EnvelopeError(Exception):
    """A request that is turned away; its message tells the sender what to do instead."""

    def __init__(
        self,
        code: EnvelopeCode,
        reason: str,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        """Make it; `more` stands beside the code for programs."""
        super().__init__(reason)
        self.code = code
        self.headers = dict(headers or {})
        self.more = more


def unavailable(reason: str, retry_after: int) -> EnvelopeError:
    """Return what to raise for a request that may well be answered in some seconds."""
    headers = {"Retry-After": str(retry_after)}
    return EnvelopeError(EnvelopeCode.UNAVAILABLE, reason, headers, retryAfter=retry_after)


def bad_request(reason: str) -> EnvelopeError:
    """Return what to raise for a request that is none of GraphQL over HTTP."""
    return EnvelopeError(EnvelopeCode.BAD_REQUEST, reason)
