"""Finished answers to anonymous questions, shared for a second.

A wave opening asks the same few questions thousands of times a second.  Whoever asks
without a token sees public fields alone, so one answer is right for all of them until
the catalogue's revision or a partner's state moves; a second bounds what the clock and
the seat counts may change meanwhile.
"""

from collections.abc import Callable
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

import msgspec
import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.cache.base import Cache

LIFETIME_SECONDS = 1.0
MOST_BODY_BYTES = 100_000  # a longer question is answered, but not shared
_NEVER_SHARED = ("mutation", "subscription", "quote")
VERSION = 1  # of `_Answer` as it stands in a shared cache


class _Answer(msgspec.Struct, array_like=True):
    """A finished answer, as the cache keeps it."""

    status: int
    media_type: str
    body: bytes


class _UnsharedError(Exception):
    """An answer that is for those who wait for it now, and for nobody later."""

    def __init__(self, answer: _Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class SharedAnswers:
    """An ASGI layer that answers equal anonymous questions with the same bytes.

    `epoch` names the state of all that public answers are made of; an answer is shared
    only under the epoch in which it was asked for.
    """

    def __init__(self, app: ASGIApp, cache: Cache, epoch: Callable[[], str]) -> None:
        self._app = app
        self._cache = cache
        self._epoch = epoch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is shared, else ask the application and share its answer."""
        if not _is_anonymous_post(scope):
            await self._app(scope, receive, send)
            return
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        if not _is_shareable(body):
            await self._app(scope, _replaying(body), send)
            return
        answer = await self._answer(scope, body)
        response = Response(answer.body, answer.status, media_type=answer.media_type)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, body: bytes) -> _Answer:
        key = self._key(scope, body)
        try:
            encoded = await self._cache.get_or_load(
                key, lambda: self._ask(scope, body), LIFETIME_SECONDS
            )
            return msgspec.msgpack.decode(encoded, type=_Answer)
        except _UnsharedError as exc:
            return exc.answer
        except msgspec.DecodeError:  # not ours, though under our key: ask, and put it right
            await self._cache.delete(key)
            return msgspec.msgpack.decode(await self._ask(scope, body), type=_Answer)

    def _key(self, scope: Scope, body: bytes) -> str:
        accept = dict(scope["headers"]).get(b"accept", b"")
        digest = blake2b(b"\0".join((accept, body)), digest_size=20).hexdigest()
        return f"answer:{VERSION}:{self._epoch()}:{digest}"

    async def _ask(self, scope: Scope, body: bytes) -> bytes:
        answer = _Answer(500, "", b"")

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.media_type = dict(message["headers"]).get(b"content-type", b"").decode()
            else:
                answer.body += message.get("body", b"")

        await self._app(scope, _replaying(body), keep)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _UnsharedError(answer)
        return msgspec.msgpack.encode(answer)


def _is_anonymous_post(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    headers: dict[bytes, bytes] = dict(scope["headers"])
    is_json = headers.get(b"content-type", b"").partition(b";")[0].strip() == b"application/json"
    return is_json and b"authorization" not in headers


def _is_shareable(body: bytes) -> bool:
    """Return whether `body` is one operation, and not one that writes, streams or asks partners.

    A field's name stands in a document as it is, so whoever reads `quote` has that word in it.
    """
    if len(body) > MOST_BODY_BYTES:
        return False
    try:
        question: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    text = question.get("query") if isinstance(question, dict) else None
    return isinstance(text, str) and not any(word in text for word in _NEVER_SHARED)


def _replaying(body: bytes) -> Receive:
    """Return a `receive` that gives a body that has been read already."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
