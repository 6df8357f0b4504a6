"""The whole description: `/partners/v1/openapi.json`."""

from functools import cache

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.openapi import hooks, official, pushing
from gateway.openapi.pieces import OK, PROBLEM, Piece

PATH = "/partners/v1/openapi.json"
MEDIA_TYPE = "application/json"
_HEADERS = {
    "client_code": ("client_code", "Your client code."),
    "timestamp": ("timestamp", "Unix seconds, at most five minutes off."),
    "signature": ("signature", "HMAC-SHA1 in hex by your sign key; see the documentation."),
    "content_digest": ("content-digest", "`sha-256=:…:` of the body, or `UNSIGNED-PAYLOAD`."),
    "webhook_id": ("webhook-id", "The message's id; the same whenever it is repeated."),
    "webhook_timestamp": ("webhook-timestamp", "Unix seconds, at most five minutes off."),
    "webhook_signature": ("webhook-signature", "`v1,` and HMAC-SHA256 in base64."),
}


def to_document() -> Piece:
    """Return the description."""
    schemas = {"Problem": PROBLEM, **official.SCHEMAS, **pushing.SCHEMAS, **hooks.SCHEMAS}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mitra for partners",
            "version": "1",
            "description": "How partners sell on their own sites, push their lists, and tell "
            "what became of enrolments.",
        },
        "paths": {**official.paths(), **pushing.paths(), **hooks.paths(), PATH: _own_path()},
        "webhooks": hooks.webhooks(),
        "components": {
            "schemas": schemas,
            "responses": dict(official.RESPONSES),
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": header, "description": told}
                for name, (header, told) in _HEADERS.items()
            },
        },
    }


@cache
def to_text() -> str:
    """Return the description as it is served and kept in the documentation."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(to_document(), option=options).decode()


async def serve(_request: Request) -> Response:
    """Answer with the description."""
    return Response(to_text(), media_type=MEDIA_TYPE)


def _own_path() -> Piece:
    told = {"description": "This.", "content": {MEDIA_TYPE: {"schema": {"type": "object"}}}}
    operation = {"operationId": "read-openapi", "summary": "This description", "security": []}
    return {"get": {**operation, "responses": {OK: told}}}
