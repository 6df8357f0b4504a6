"""From results and refusals to answers: their bodies, statuses and headers.  Pure.

Refused requests have no `data`.  Whoever takes `application/graphql-response+json` is told by
the status, too; in the older `application/json` a refused document is a 200 with errors.
"""

from collections.abc import Mapping
from http import HTTPStatus

import orjson

from gateway.execution.answers import Answer
from gateway.execution.engine import Prepared, RefusedError, Stage
from gateway.execution.etags import to_weak
from gateway.web.negotiation import Media
from gateway.web.refusals import EnvelopeError
from gateway.web.streams.results import Payload, codes_of, to_errors
from schema.errors import ErrorCode
from schema.redaction import redacted

# A course that is blocked must be gone everywhere within two seconds: half a one passes until each
# process knows, and this one; another in which a cache may give it while it asks would be too much.
CACHE_PUBLIC = "public, max-age=1"
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


def run_status(prepared: Prepared, payload: Payload) -> HTTPStatus:
    """Return the status of a question that was run: 503 for a change that could not be written.

    Of several changes some may stand; and what stands, though it cannot be shown, was written.
    """
    errors = payload.get("errors")
    if not errors:
        return HTTPStatus.OK
    of_the_change = [error for error in errors if len(error.get("path", ())) == 1]
    if prepared.changes == 1 and ErrorCode.UNAVAILABLE in codes_of(of_the_change):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.OK


def envelope_payload(error: EnvelopeError) -> Payload:
    """Return what the sender of a request that is turned away is told."""
    extensions = {"code": error.code.name, **error.more}
    return {"errors": [{"message": redacted(str(error)), "extensions": extensions}]}


def to_answer(payload: Payload | list[Payload], status: int = HTTPStatus.OK) -> Answer:
    """Return an answer, encoded."""
    body = orjson.dumps(payload)
    several = payload if isinstance(payload, list) else [payload]
    if not any("errors" in each for each in several):
        return Answer(status, body)
    codes = sorted({code for each in several for code in codes_of(each.get("errors", ()))})
    return Answer(status, body, tuple(codes))


def cache_headers(answer: Answer, *, is_public: bool) -> Mapping[str, str]:
    """Return what a browser and a CDN may keep of an answer."""
    if not is_public or answer.codes or answer.status != HTTPStatus.OK:
        return {"Cache-Control": CACHE_NEVER}
    return {"Cache-Control": CACHE_PUBLIC, "ETag": to_weak(answer.tag)}
