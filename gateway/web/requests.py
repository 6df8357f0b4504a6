"""From what a client sends to a `Question`: strictly, so that nobody reads it another way.  Pure.

Documents are named in any of the three ways that clients have: `documentId`, Relay's `doc_id`,
Apollo's `extensions.persistedQuery` (which the engine reads).
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson

from gateway.execution.engine import Question
from gateway.web.preflight import media_type
from gateway.web.refusals import EnvelopeCode, EnvelopeError, bad_request

MOST_BATCHED = 10  # whatever the settings say
_JSON_TYPE = "application/json"
_TEXTS = ("query", "operationName", "documentId", "doc_id")
_OBJECTS = ("variables", "extensions")
_MOST_PARAMETERS = 20

T = TypeVar("T")


def check_body_headers(headers: Mapping[str, str]) -> None:
    """Check that a body will be JSON as it stands.  Raises `EnvelopeError`."""
    content_type = headers.get("content-type", "")
    is_json = media_type(content_type) == _JSON_TYPE and "," not in content_type  # once
    if not is_json or not _is_utf8(content_type):
        reason = f"Send `Content-Type: {_JSON_TYPE}` (UTF-8), once"
        accepted = {"Accept-Post": _JSON_TYPE}
        raise EnvelopeError(EnvelopeCode.UNSUPPORTED_MEDIA_TYPE, reason, accepted)
    if headers.get("content-encoding", "identity") != "identity":
        reason = "Send the body as it is, without `Content-Encoding`"
        accepted = {"Accept-Encoding": "identity"}
        raise EnvelopeError(EnvelopeCode.UNSUPPORTED_MEDIA_TYPE, reason, accepted)


def from_body(body: bytes) -> Question:
    """Return what a POST asks.  Raises `EnvelopeError`."""
    return _to_question(_decoded(body, "The body"))


def is_batch(body: bytes) -> bool:
    """Return whether a body is an array, if it is JSON."""
    return body.lstrip(b" \t\r\n").startswith(b"[")


def from_batch(body: bytes, most: int) -> Sequence[Question]:
    """Return what a POST asks of which the body is an array.  Raises `EnvelopeError`."""
    sent: Any = _decoded(body, "The body")
    most = min(most, MOST_BATCHED)
    if not sent:
        raise bad_request("Send a JSON object with a `query`")
    if len(sent) > most:
        allowed = f"at most {most} operations" if most else "one operation, as a JSON object,"
        raise EnvelopeError(EnvelopeCode.BATCH_REFUSED, f"Send {allowed} per request")
    return [_to_question(each) for each in sent]


def from_query_string(query_string: bytes) -> Question:
    """Return what a GET asks.  Raises `EnvelopeError`."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as exc:  # not ASCII or UTF-8, or too many
        raise bad_request("The address's parameters cannot be read") from exc
    sent: dict[str, Any] = {}
    for name, value in pairs:
        if name in sent:
            raise bad_request(f"Send `{name}` once")
        sent[name] = _decoded(value, f"`{name}`") if name in _OBJECTS else value
    return _to_question(sent)


def _decoded(text: bytes | str, what: str) -> object:
    """Decode strictly: no NaN, no bottomless nesting, no endless number, no invalid UTF-8."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        raise bad_request(f"{what} is not JSON") from exc


def _to_question(sent: object) -> Question:
    if not isinstance(sent, dict):
        raise bad_request("Send a JSON object with a `query`")
    text, name, ours, relays = _checked(sent, _TEXTS, str, "a string")
    variables, extensions = _checked(sent, _OBJECTS, dict, "an object")
    document_id = ours if relays is None else _only_id(ours, relays)
    if text is None and document_id is None and (extensions or {}).get("persistedQuery") is None:
        raise bad_request("Send a `query`, or the id of one as `documentId`")
    return Question(text, document_id, name, variables or {}, extensions or {})


def _checked(
    sent: Mapping[str, Any], names: Sequence[str], kind: type[T], kinds_name: str
) -> Sequence[T | None]:
    found = [*map(sent.get, names)]
    for name, value in zip(names, found, strict=True):
        if value is not None and not isinstance(value, kind):
            raise bad_request(f"`{name}` must be {kinds_name}")
    return found


def _only_id(ours: str | None, relays: str) -> str:
    if ours is not None and ours != relays:
        raise bad_request("`documentId` and `doc_id` name different documents")
    return relays


def _is_utf8(content_type: str) -> bool:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.strip().lower().partition("=")
        if name == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
            return False
    return True
