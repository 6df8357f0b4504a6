"""What the hot path may ask of the server past ASGI: whole requests, and one write.

ASGI has an answer sent in two messages, and uvicorn looks at each header of it.  Who has a
finished answer at hand needs neither.  The scope carries a `Door` as an extension, which is how
ASGI lets servers offer more; and the lifespan's state carries a `Shortcut`, which may answer a
request before it is parsed.  Under another server there is neither, and all goes the usual way.
"""

import asyncio
from collections.abc import Iterable, MutableMapping
from http import HTTPStatus
from typing import Any, Protocol

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

SOON = 0.05  # seconds
_EXTENSION = "mitra.door"
_SHORTCUT = "mitra.shortcut"
Header = tuple[bytes, bytes]


class Shortcut(Protocol):
    """Answers requests by the bytes that they are, all of them in one piece."""

    def find(self, sent: bytes, host: str | None) -> tuple[int, bytes, bytes] | None:
        """Return the status, the lines of headers and the body for what `host` has sent."""


class Door:
    """One request and its answer, as the server has them; used before anything of ASGI is."""

    __slots__ = ("_cycle", "sent")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self.sent: bytes | None = None  # the request, if it came in one piece and alone

    def body(self) -> bytes | None:
        """Return the request's body; None while some of it is still to come."""
        return None if self._cycle.more_body else bytes(self._cycle.body)

    async def is_whole_soon(self) -> bool:
        """Wait for what many clients send right after the headers; not for what takes long.

        Whoever reads the body thereafter finds it as if nobody had waited.
        """
        cycle = self._cycle
        if cycle.waiting_for_100_continue:
            return False
        try:
            async with asyncio.timeout(SOON):
                while cycle.more_body and not cycle.disconnected:
                    cycle.message_event.clear()
                    await cycle.message_event.wait()
        except TimeoutError:
            return False
        finally:
            cycle.message_event.set()
        return not cycle.more_body

    def is_free(self) -> bool:
        """Return whether an answer can be written at once."""
        return not (self._cycle.disconnected or self._cycle.flow.write_paused)

    def is_kept_open(self) -> bool:
        """Return whether another request may follow."""
        return bool(self._cycle.keep_alive)

    def answer(self, status: int, head: bytes, body: bytes) -> None:
        """Write a whole answer; `head` is its lines of headers, with the length of the body."""
        cycle = self._cycle
        if not cycle.keep_alive:
            head += b"connection: close\r\n"
        cycle.response_started = True
        cycle.transport.write(to_wire(status, cycle.default_headers, head, body))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


def to_wire(status: int, first: Iterable[Header], head: bytes, body: bytes) -> bytes:
    """Return a whole answer as it is sent; the headers `first` are those of the server."""
    told = [b"%b: %b\r\n" % header for header in first]
    return b"".join((STATUS_LINE[status], *told, head, b"\r\n", body))


def to_refusal(status: HTTPStatus, first: Iterable[Header]) -> bytes:
    """Return an answer that says no more than its status, and is the last."""
    body = status.phrase.encode()
    head = (
        b"content-type: text/plain; charset=utf-8\r\n"
        b"content-length: %d\r\nconnection: close\r\n" % len(body)
    )
    return to_wire(status, first, head, body)


def take_door(scope: Scope) -> Door | None:
    """Return the door through which a request came, if its server has one.

    It is taken out of the scope, which it knows: nothing in a circle is to be left.
    """
    found = scope.get("extensions", {}).pop(_EXTENSION, None)
    return found if isinstance(found, Door) else None


def put_door(scope: Any, cycle: RequestResponseCycle) -> Door:
    """Let those who answer a request use its door."""
    door = Door(cycle)
    scope["extensions"] = {_EXTENSION: door}
    return door


def shortcut_of(state: MutableMapping[str, Any]) -> Shortcut | None:
    """Return what may answer before a request is parsed."""
    return state.get(_SHORTCUT)


def put_shortcut(scope: Scope, shortcut: Shortcut) -> None:
    """Offer a shortcut to the server whose lifespan this is, if it keeps a state."""
    if "state" in scope:
        scope["state"][_SHORTCUT] = shortcut
