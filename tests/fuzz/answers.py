"""What is wrong with an answer, whatever was asked."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

_INSIDES = re.compile(
    r"Traceback|File \"|\w\.py\b|site-packages|object at 0x|NoneType|sqlalchemy|sqlite3?\b|psycopg"
    r"|\bSELECT\b.*\bFROM\b|INSERT INTO|orjson|msgspec|strawberry|Errno",
    re.IGNORECASE | re.DOTALL,
)
_CODE = re.compile(r"[A-Z][A-Z_]+")
SERVER_ERROR = 500


def wrong_with(status: int, body: bytes, secrets: Sequence[str]) -> Iterator[str]:
    """Yield what a client should never see; each finding begins with its kind."""
    if status >= SERVER_ERROR:
        yield f"HTTP {status}"
    if status == SERVER_ERROR or not body:
        return
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        yield "not JSON"
        return
    errors = decoded.get("errors", []) if isinstance(decoded, dict) else None
    if not isinstance(errors, list):
        yield "not a GraphQL answer"
        return
    for error in errors:
        yield from _wrong_with_error(error, secrets)


def codes(body: bytes) -> list[str]:
    """Return the codes of an answer's errors."""
    try:
        decoded = orjson.loads(body)
        return [error["extensions"]["code"] for error in decoded.get("errors", [])]
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return ["unreadable"]


def _wrong_with_error(error: Any, secrets: Sequence[str]) -> Iterator[str]:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    code = extensions.get("code") if isinstance(extensions, dict) else None
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        yield "an error without a code"
    if code == "INTERNAL":
        yield "an unexpected exception"
    message = error.get("message") if isinstance(error, dict) else None
    told = f"{message} {orjson.dumps(extensions).decode()}"
    if (found := _INSIDES.search(told)) is not None:
        yield f"a leak: {found[0]}"
    for secret in secrets:
        if secret in told:
            yield "a leak: where it runs"
