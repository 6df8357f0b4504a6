"""A connection to the server's protocol without a socket: bytes in, bytes out."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from gateway.draining import Draining
from gateway.telemetry.operations import Operations
from gateway.web.hot import HotPath
from gateway.web.observing import ObservedEndpoint, observed
from gateway.web.outermost import Outermost
from gateway.web.server import GuardedProtocol
from tests.unit.web.edge import Edge, identify

OWN = {"x-request-id", "server-timing", "ratelimit", "date"}  # each request's


@dataclass(frozen=True)
class Reply:
    """One answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def lasting(self) -> tuple[int, Mapping[str, str], bytes]:
        """What must be the same another time."""
        told = {name: value for name, value in self.headers.items() if name not in OWN}
        return self.status, told, self.body


class Transport:
    """Keeps what is written."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.written = bytearray()
        self.is_closed = self.is_aborted = False
        self.unsent = 0  # bytes that the client does not read

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self.host, 5) if name in {"peername", "sockname"} else default

    def is_closing(self) -> bool:
        return self.is_closed

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = self.is_aborted = True

    write_eof = close

    def can_write_eof(self) -> bool:
        return True

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading


class Served:
    """An edge behind all its layers; without `is_hot` all take the ordinary path."""

    def __init__(self, edge: Edge, *, is_hot: bool = True, logged_share: float = 0.0) -> None:
        self.edge, self.draining = edge, Draining(0)
        edge.app._observed = observed
        operations = Operations(logged_share=logged_share)
        app: ASGIApp = Outermost(
            ObservedEndpoint(edge.app, operations), self.draining, is_https=True
        )
        self.hot = HotPath(
            app,
            identify=identify,
            budgets=edge.budgets,
            counting=operations.counting,
            draining=self.draining,
            at_hand=edge.at_hand,
        )
        self.app = self.hot if is_hot else app
        self.state = {"mitra.shortcut": self.hot} if is_hot else {}

    def connect(self, host: str = "192.0.2.1", **options: Any) -> "Wire":
        """Open a connection; `options` are what the server is told."""
        return Wire(self, host, options)


class Wire:
    """One client's connection."""

    def __init__(self, served: Served, host: str, options: Mapping[str, Any]) -> None:
        told: dict[str, Any] = {"lifespan": "off", "log_config": None, "access_log": False}
        config = uvicorn.Config(served.app, **told, **options)
        config.load()
        self.transport = Transport(host)
        self.protocol = GuardedProtocol(config, ServerState(), served.state)
        self.protocol.connection_made(self.transport)  # type: ignore[arg-type]

    async def send(self, *parts: bytes) -> Reply:
        """Send a request in parts; return the answer."""
        self.transport.written.clear()
        for part in parts:
            self.protocol.data_received(part)
        for _ in range(2_000):
            if reply := to_reply(bytes(self.transport.written)):
                return reply
            await asyncio.sleep(0)
        raise AssertionError("no answer")

    def close(self) -> None:
        self.protocol.connection_lost(None)


def to_reply(raw: bytes) -> Reply | None:
    """Return an answer once it is whole."""
    head, found, body = raw.partition(b"\r\n\r\n")
    if not found:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines), lines
    is_whole = len(body) >= int(headers.get("content-length", 0))
    return Reply(int(first.split()[1]), headers, body) if is_whole else None


def post(question: Any, **headers: str) -> bytes:
    """Return a POST as clients send it; names of headers with `_` for `-`."""
    body = question if isinstance(question, bytes) else json.dumps(question).encode()
    told = {"host": "mitra", "user-agent": "tests", "content-type": "application/json"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return request("POST /graphql", {**told, "content-length": str(len(body))}) + body


def get(query: str, **headers: str) -> bytes:
    """Return a GET of an address's parameters."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(f"GET /graphql?{query}", {"host": "mitra", **told})


def request(what: str, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{what} HTTP/1.1\r\n{lines}\r\n".encode()
