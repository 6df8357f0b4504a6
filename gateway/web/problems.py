"""What the addresses under `/partners/v1/` answer when they do not do what is asked.

A problem is `application/problem+json` (RFC 9457) with a stable `code`; it repeats nothing that
was sent.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

import orjson
import structlog
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
NOT_KEPT = {"Cache-Control": "no-store"}
CLOSING = {"Connection": "close"}  # what is left of the body is not read

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status, its code, and a sentence that says what to do."""

    status: int
    code: str
    title: str


UNSIGNED = Kind(401, "UNSIGNED", "the signature is missing, wrong or not of a key in use")
UNTIMELY = Kind(401, "UNTIMELY", "the timestamp is more than five minutes off; check the clock")
NOT_ALLOWED = Kind(405, "NOT_ALLOWED", "this address does not know the method; see Allow")
TOO_SLOW = Kind(408, "TOO_SLOW", "the body did not arrive in time")
TOO_LARGE = Kind(413, "TOO_LARGE", "the body is too large")
UNAVAILABLE = Kind(503, "UNAVAILABLE", "this failed and had no effect; send it again later")


class ProblemError(Exception):
    """A request is answered with a problem; `detail` says more than the kind's sentence."""

    def __init__(
        self,
        kind: Kind,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        """Make it; `more` stands beside the code for programs."""
        super().__init__(detail or kind.title)
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}
        self.more = more


def to_response(problem: ProblemError) -> Response:
    """Return a problem as an answer."""
    kind = problem.kind
    body = {"title": kind.title, "status": kind.status, "code": kind.code, **problem.more}
    if problem.detail is not None:
        body["detail"] = problem.detail
    headers = {**NOT_KEPT, **problem.headers}
    if kind in (TOO_LARGE, TOO_SLOW):
        headers |= CLOSING
    return Response(orjson.dumps(body), kind.status, headers, media_type=MEDIA_TYPE)


def to_surprise(error: Exception, at: str) -> Response:
    """Log what nobody expected, without its words: they may hold what was sent; and answer."""
    error_id = str(uuid4())
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-4:]]
    log.error(
        "partners.unexpected_error",
        error_id=error_id,
        error=type(error).__name__,
        at=at,
        where=where,
    )
    problem = ProblemError(UNAVAILABLE, headers={"Retry-After": "30"}, error_id=error_id)
    return to_response(problem)
