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
    for payload in _payloads(body):
        yield from _wrong_with_payload(payload, secrets)


def _payloads(body: bytes) -> list[bytes]:
    """Return what is told: one answer, or those of an event stream."""
    if not body.startswith(b"event: "):
        return [body]
    told = (
        line.removeprefix(b"data:").strip() for line in body.splitlines() if line[:5] == b"data:"
    )
    return [payload for payload in told if payload]


def _wrong_with_payload(payload: bytes, secrets: Sequence[str]) -> Iterator[str]:
    try:
        decoded = orjson.loads(payload)
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
        decoded = [orjson.loads(payload) for payload in _payloads(body)]
        errors = (error for each in decoded for error in each.get("errors", []))
        return [error["extensions"]["code"] for error in errors]
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
