"""The limit: an application that answers the same bytes to everything, without looking at it."""

import os
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

BODY = "MITRA_BENCH_BODY"  # the file with the bytes


def create_app() -> ASGIApp:
    """Return the application."""
    return to_app(Path(os.environ[BODY]).read_bytes())


def to_app(body: bytes) -> ASGIApp:
    """Return an application that answers with `body`."""
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    rest = {"type": "http.response.body", "body": body}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["type"] == "http":
            await send(start)
            await send(rest)

    return answer
