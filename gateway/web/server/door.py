"""What a layer over ASGI may ask of the server past ASGI: the whole body now, one write.

ASGI has an answer sent in two messages, of which uvicorn writes each by itself after looking at
every header.  Who has a finished answer at hand needs neither.  The scope carries a `Door` as an
extension, which is how ASGI lets servers offer more; under another server there is none.
"""

from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_EXTENSION = "mitra.door"


class Door:
    """One request and its answer, as the server has them; used before anything of ASGI is."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def body(self) -> bytes | None:
        """Return the request's body; None while some of it is still to come."""
        return None if self._cycle.more_body else bytes(self._cycle.body)

    def is_free(self) -> bool:
        """Return whether an answer can be written at once."""
        return not (self._cycle.disconnected or self._cycle.flow.write_paused)

    def answer(self, status: int, head: bytes, body: bytes) -> None:
        """Write a whole answer; `head` is its lines of headers, with the length of the body."""
        cycle = self._cycle
        lines = [STATUS_LINE[status]]
        for name, value in cycle.default_headers:
            lines += (name, b": ", value, b"\r\n")
        lines.append(head)
        lines.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
        lines.append(body)
        cycle.response_started = True
        cycle.transport.write(b"".join(lines))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


def door_of(scope: Scope) -> Door | None:
    """Return the door through which a request came, if its server has one."""
    found = scope.get("extensions", {}).get(_EXTENSION)
    return found if isinstance(found, Door) else None


def put_door(scope: Any, cycle: RequestResponseCycle) -> None:
    """Let those who answer a request use its door."""
    scope["extensions"] = {_EXTENSION: Door(cycle)}
