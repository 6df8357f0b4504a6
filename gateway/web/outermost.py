"""The outermost layer: what holds for every HTTP request, whatever answers it.

An id in all that is logged of it and in its answer; the headers by which browsers are careful;
a count of what is under way; and, when the process stops, connections and streams that end.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from gateway.draining import Draining
from gateway.telemetry import REQUESTS_IN_FLIGHT
from gateway.telemetry.traces import to_parent
from schema.redaction import random_id, redacted

CAREFUL: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
HSTS = "max-age=31536000"  # a year; what else lives under the domain is not ours to bind
_SANE_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:/+=-]{7,99}")
_STREAM = b"text/event-stream"

Header = tuple[bytes, bytes]


class Outermost:
    """An ASGI layer around everything."""

    def __init__(self, app: ASGIApp, draining: Draining, *, is_https: bool) -> None:
        """Make it; `is_https` says that the public reaches us by TLS alone."""
        self._app = app
        self._draining = draining
        extra = {"Strict-Transport-Security": HSTS} if is_https else {}
        self._careful = [
            (name.lower().encode(), value.encode()) for name, value in {**CAREFUL, **extra}.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = to_request_id(scope["headers"])
        unbound = bind_contextvars(request_id=request_id)
        try:
            if scope["type"] == "websocket":
                await self._app(scope, receive, send)
            else:
                await self._count_and_answer(scope, receive, send, request_id)
        finally:
            reset_contextvars(**unbound)

    async def _count_and_answer(
        self, scope: Scope, receive: Receive, send: Send, request_id: str
    ) -> None:
        REQUESTS_IN_FLIGHT.inc()
        try:
            await self._answer(scope, receive, send, request_id)
        finally:
            REQUESTS_IN_FLIGHT.dec()

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        is_stream = is_whole = False
        limit = asyncio.timeout(None)

        def end() -> None:
            limit.reschedule(asyncio.get_running_loop().time())

        async def answer(message: Message) -> None:
            nonlocal is_stream, is_whole
            if message["type"] == "http.response.start":
                message["headers"] = self._completed(message["headers"], request_id)
                if is_stream := _is_stream(message["headers"]):
                    self._draining.when_stopping(end)
            else:
                is_whole = not message.get("more_body", False)
            await send(message)

        try:
            async with limit:
                await self._app(scope, receive, answer)
        except TimeoutError:
            if not limit.expired():
                raise
        finally:
            self._draining.forget(end)
        if is_stream and not is_whole:  # cut, but as an answer is: the connection may live on
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _completed(self, headers: Iterable[Header], request_id: str) -> list[Header]:
        given = list(headers)
        names = {name for name, _ in given}
        given += [header for header in self._careful if header[0] not in names]
        given.append((b"x-request-id", request_id.encode()))
        if self._draining.is_draining:
            given.append((b"connection", b"close"))
        return given


def to_request_id(headers: Iterable[Header]) -> str:
    """Return by what a request is known: its own id, its trace's, or a new one."""
    parent = None
    for name, value in headers:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            text = value.decode()
            if redacted(text) == text:
                return text
        elif name == b"traceparent":
            parent = to_parent(value)
    return format(parent.trace_id, "032x") if parent else random_id(16)


def _is_stream(headers: Iterable[Header]) -> bool:
    return any(name == b"content-type" and value.startswith(_STREAM) for name, value in headers)
