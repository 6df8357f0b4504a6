"""The server's door in a thread of its own, to be spoken to by raw sockets."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from gateway.execution.engine import Engine
from gateway.web.server import GuardedProtocol
from gateway.web.server.bounds import Bounds
from tests.unit.web.edge import Edge, the_schema

SOON = 0.3  # seconds, where the product waits for eight
IDLE = 2.0
LATEST = 5.0
QUESTION = b'{"query": "{ __typename }"}'
ANSWER = b'{"data":{"__typename":"Query"}}'
POST = b"POST /graphql HTTP/1.1\r\nHost: mitra\r\nContent-Type: application/json\r\n"
GET = b"GET /graphql HTTP/1.1\r\nHost: mitra\r\n"
MUTATION = b'{"query": "mutation { __typename }"}'


class HastyProtocol(GuardedProtocol):
    """The door, with less patience."""

    bounds = Bounds(head_seconds=SOON, write_seconds=SOON, linger_seconds=SOON)


@dataclass
class Door:
    """A server in a thread of its own; `slow` operations run until they are given up."""

    edge: Edge
    port: int = 0
    loop: asyncio.AbstractEventLoop | None = None
    server: uvicorn.Server | None = None
    begun: int = 0
    given_up: int = 0

    @contextmanager
    def connection(self, **options: int) -> Iterator[socket.socket]:
        with socket.socket() as client:
            for name, value in options.items():
                client.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
            client.settimeout(LATEST)
            client.connect(("127.0.0.1", self.port))
            yield client

    def answer(self, raw: bytes, *, ends: bool = False) -> bytes:
        """Send bytes as they are; return all that comes until the server closes."""
        with self.connection() as client:
            client.sendall(raw)
            if ends:
                client.shutdown(socket.SHUT_WR)
            return rest_of(client)

    def stop(self) -> None:
        """Have the server stop; it takes its time."""
        assert self.server is not None
        self.server.should_exit = True

    def tasks(self) -> int:
        """Return how many tasks there are in the server."""
        assert self.loop is not None
        return len(asyncio.all_tasks(self.loop))

    async def run(self, prepared: Any, context: object) -> Any:
        """Run as the engine does, but `slow` ones for ever."""
        if prepared.name != "slow":
            return await type(self.edge.engine).run(self.edge.engine, prepared, context)
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up += 1


def rest_of(client: socket.socket) -> bytes:
    """Return what comes until the other side closes; fail if it does not."""
    found = b""
    with suppress(ConnectionResetError):
        while piece := client.recv(65_536):
            found += piece
    return found


def post(body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    """Return a POST of JSON."""
    told = b"Content-Length: %d" % (len(body) if length is None else length)
    return POST + b"".join(header + b"\r\n" for header in (told, *headers)) + b"\r\n" + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def big(_request: Any) -> Response:
    return Response(b"x" * 20_000_000)


async def greet(websocket: WebSocket) -> None:
    await websocket.accept()
    await asyncio.sleep(1.5 * SOON)
    await websocket.send_text("still here")
    await websocket.close()


def eventually(is_true: Any) -> None:
    deadline = time.monotonic() + LATEST
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def served_door(protocol: type[HastyProtocol] = HastyProtocol) -> Iterator[Door]:
    """Serve the edge until left."""
    edge = Edge(options={"body_seconds": SOON}, engine=Engine(the_schema()))
    served = Door(edge)
    edge.engine.run = served.run  # type: ignore[method-assign]
    routes = [Route("/graphql", edge.app), Route("/big", big), WebSocketRoute("/socket", greet)]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        served.port = listening.getsockname()[1]
        config = uvicorn.Config(
            Starlette(routes=routes),
            http=protocol,
            lifespan="off",
            log_level="critical",
            timeout_keep_alive=IDLE,
        )
        server = served.server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]

        async def serve() -> None:
            served.loop = asyncio.get_running_loop()
            await server.serve(sockets=[listening])

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        eventually(lambda: server.started)
        yield served
        served.stop()
        thread.join()
