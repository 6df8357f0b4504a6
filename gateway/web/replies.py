"""From results and refusals to answers: their bodies, statuses and headers.  Pure.

Refused requests have no `data`.  Whoever takes `application/graphql-response+json` is told by
the status, too; in the older `application/json` a refused document is a 200 with errors.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson

from gateway.execution.answers import Answer
from gateway.execution.engine import RefusedError, Stage
from gateway.web.etags import etag_of
from gateway.web.negotiation import Media
from gateway.web.refusals import EnvelopeError
from gateway.web.streams.results import Payload, to_errors
from schema.redaction import redacted

# Together the two seconds in which a course that is blocked must be gone everywhere.
CACHE_PUBLIC = "public, max-age=1, stale-while-revalidate=1"
CACHE_NEVER = "private, no-store"
VARY = "Accept, Accept-Encoding, Authorization, GraphQL-Cost"


def refused_payload(refused: RefusedError) -> Payload:
    """Return what the sender of a question that is not run is told."""
    return {"errors": to_errors(refused.errors)}


def refused_status(refused: RefusedError, media: Media) -> HTTPStatus:
    """Return the status of a question that is not run."""
    if refused.stage is Stage.BUDGET:
        return HTTPStatus.TOO_MANY_REQUESTS
    if media is Media.JSON and refused.stage is not Stage.REQUEST:
        return HTTPStatus.OK
    return HTTPStatus.BAD_REQUEST


def envelope_payload(error: EnvelopeError) -> Payload:
    """Return what the sender of a request that is turned away is told."""
    return {"errors": [{"message": redacted(str(error)), "extensions": {"code": error.code.name}}]}


def to_answer(payload: Payload | Sequence[Payload], status: int = HTTPStatus.OK) -> Answer:
    """Return an answer, encoded."""
    body = orjson.dumps(payload)
    several = payload if isinstance(payload, Sequence) else (payload,)
    codes = sorted({code for each in several for code in _codes_of(each)})
    return Answer(status, body, tuple(codes), etag_of(body))


def cache_headers(answer: Answer, *, is_public: bool) -> Mapping[str, str]:
    """Return what a browser and a CDN may keep of an answer."""
    if not is_public or answer.codes or answer.status != HTTPStatus.OK:
        return {"Cache-Control": CACHE_NEVER}
    # weak: the same answer, packed or not
    return {"Cache-Control": CACHE_PUBLIC, "ETag": f"W/{answer.tag}"}


def _codes_of(payload: Payload) -> Sequence[str]:
    """Return the codes of a payload's errors; what GraphQL itself finds has none."""
    told = (error.get("extensions", {}).get("code", "") for error in payload.get("errors", ()))
    return [str(code) for code in told]
