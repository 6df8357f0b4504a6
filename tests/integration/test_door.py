"""The server's door, by raw sockets: what is no proper HTTP, too much or too slow is refused."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from gateway.web.server import GuardedProtocol
from gateway.web.server.bounds import Bounds
from tests.unit.web.edge import Edge

SOON = 0.3  # seconds, where the product waits for eight
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


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    edge = Edge(options={"body_seconds": SOON})
    served = Door(edge)
    edge.engine.run = served.run  # type: ignore[method-assign]
    routes = [Route("/graphql", edge.app), Route("/big", big), WebSocketRoute("/socket", greet)]
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        served.port = listening.getsockname()[1]
        config = uvicorn.Config(
            Starlette(routes=routes),
            http=HastyProtocol,
            lifespan="off",
            log_level="critical",
            timeout_keep_alive=1,
        )
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]

        async def serve() -> None:
            served.loop = asyncio.get_running_loop()
            await server.serve(sockets=[listening])

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        eventually(lambda: server.started)
        yield served
        server.should_exit = True
        thread.join()
    del edge.engine.run


def eventually(is_true: Any) -> None:
    deadline = time.monotonic() + LATEST
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="length and encoding",
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            id="encoding and length",
        ),
        pytest.param(
            POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", id="two lengths"
        ),
        pytest.param(post(QUESTION, length=len(QUESTION) - 4), id="more than its length"),
        pytest.param(post(QUESTION, b"Connection: close") + b"more", id="more after the last"),
        pytest.param(POST + b"Content-Length: +4\r\n\r\nabcd", id="signed length"),
        pytest.param(GET + b"X-A: b\r\n c\r\n\r\n", id="folded header"),
        pytest.param(GET + b"X-A: b\rX-B: c\r\n\r\n", id="bare CR"),
        pytest.param(GET + b"X-A: b\nX-B: c\r\n\r\n", id="bare LF"),
        pytest.param(GET + b"X-A: b\0c\r\n\r\n", id="NUL"),
        pytest.param(GET + b"X-A : b\r\n\r\n", id="space before the colon"),
        pytest.param(POST + b"Transfer-Encoding: gzip\r\n\r\n", id="another encoding"),
        pytest.param(POST + b"Transfer-Encoding: xchunked\r\n\r\n", id="unknown encoding"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n", id="chunks by bare LF"
        ),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2"),
        pytest.param(b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n", id="address that is not ASCII"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="TLS"),
    ],
)
def test_what_can_be_read_in_two_ways_is_400_and_ends(door: Door, raw: bytes):
    answer = door.answer(raw)

    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1") == 1


def test_nothing_is_run_of_what_is_followed_by_garbage(door: Door):
    before = door.edge.contexts

    answer = door.answer(post(MUTATION) + b"garbage")

    assert status(answer) == 400
    assert door.edge.contexts == before


def test_a_header_after_the_body_is_none(door: Door):
    chunks = b"%x\r\n%s\r\n0\r\nAuthorization: Bearer ani\r\n\r\n" % (len(QUESTION), QUESTION)

    assert status(door.answer(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)) == 400


def test_a_body_that_ends_too_soon_is_400(door: Door):
    assert status(door.answer(post(QUESTION, length=500), ends=True)) == 400


def test_a_body_of_which_the_rest_does_not_come_is_408(door: Door):
    answer = door.answer(post(QUESTION, length=500))

    assert status(answer) == 408
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (GET + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n", 431),
        (GET + b"X-A: " + b"a" * 64_000 + b"\r\n\r\n", 431),
        (GET + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1_000) for n in range(40)) + b"\r\n", 431),
        (GET + b"X-A: " + b"a" * 300_000, 431),  # it never ends
        (b"GET /graphql?query=" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: mitra\r\n\r\n", 414),
        (b"GET /graphql?query=" + b"a" * 300_000, 414),
    ],
    ids=["many", "long", "together", "endless", "address", "endless address"],
)
def test_too_much_before_a_body_is_refused(door: Door, raw: bytes, expected: int):
    assert status(door.answer(raw)) == expected


def test_what_is_large_but_within_bounds_is_read(door: Door):
    headers = [b"X-%d: %s" % (n, b"a" * 300) for n in range(90)]

    assert door.answer(post(QUESTION, *headers, b"Connection: close")).endswith(ANSWER)


@pytest.mark.parametrize("start", [b"P", POST, POST + b"X-A"])
def test_headers_that_do_not_come_are_408_and_ended(door: Door, start: bytes):
    began = time.monotonic()
    answer = door.answer(start)

    assert status(answer) == 408
    assert time.monotonic() - began < LATEST


@pytest.mark.parametrize("start", [b"", b"\r\n"])
def test_who_says_nothing_is_let_go(door: Door, start: bytes):
    assert door.answer(start) == b""


def test_dripping_does_not_gain_time(door: Door):
    began = time.monotonic()
    with door.connection() as client, suppress(ConnectionError):
        for byte in POST + b"X-A: " + b"a" * 1_000:
            client.sendall(bytes([byte]))
            time.sleep(0.02)

    assert time.monotonic() - began < 10 * SOON


def test_slow_clients_harm_no_others(door: Door):
    with half_open(door, 50):
        answer = door.answer(post(QUESTION, b"Connection: close"))

    assert answer.endswith(ANSWER)


@contextmanager
def half_open(door: Door, count: int) -> Iterator[None]:
    """Keep so many connections open that have said half of a header."""
    clients = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(count)]
    try:
        for client in clients:
            client.sendall(POST[:20])
        yield
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 10000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"],
    ids=["told", "chunked"],
)
def test_a_large_body_is_413_and_heard_by_who_goes_on_sending(door: Door, head: bytes):
    piece = b" " * 100_000
    if b"chunked" in head:
        piece = b"%x\r\n%s\r\n" % (len(piece), piece)
    with door.connection() as client:
        client.sendall(POST + head)
        for _ in range(30):
            client.sendall(piece)
        answer = rest_of(client)

    assert status(answer) == 413
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["errors"][0]["extensions"] == {
        "code": "BODY_TOO_LARGE"
    }


def test_who_does_not_read_is_cut_off(door: Door):
    with door.connection(SO_RCVBUF=4_096) as client:
        client.sendall(b"GET /big HTTP/1.1\r\nHost: mitra\r\n\r\n")
        time.sleep(3 * SOON)  # until the server has given it up
        found = rest_of(client)

    assert len(found) < 20_000_000


def test_a_connection_serves_one_request_after_the_other(door: Door):
    request = post(QUESTION)
    with door.connection() as client:
        for _ in range(3):
            client.sendall(request[:30])
            client.sendall(request[30:])
            found = b""
            while not found.endswith(ANSWER):
                found += client.recv(65_536)
        client.sendall(request + post(QUESTION, b"Connection: close"))  # not waiting
        found = rest_of(client)

    assert found.count(ANSWER) == 2


def test_a_websocket_goes_through_the_door_and_stays_open(door: Door):
    upgrade = (
        b"GET /socket HTTP/1.1\r\nHost: mitra\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with door.connection() as client:
        client.sendall(upgrade)

        answer = b""
        while b"still here" not in answer and (piece := client.recv(65_536)):
            answer += piece

    assert status(answer) == 101
    assert b"still here" in answer


def test_who_goes_ends_what_ran_for_them(door: Door):
    begun, given_up, tasks = door.begun, door.given_up, door.tasks()
    with door.connection() as client:
        slow = b'{"query": "query slow { me { __typename } }"}'
        client.sendall(post(slow, b"Authorization: Bearer ani"))
        eventually(lambda: door.begun > begun)
    gone_at = time.monotonic()
    eventually(lambda: door.given_up > given_up)

    assert time.monotonic() - gone_at < 1
    eventually(lambda: door.tasks() <= tasks)
