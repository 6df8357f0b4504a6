"""How long a connection is kept that asks nothing: long after an answer, else shortly."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway.settings import Settings
from gateway.web.server.options import server_options
from tests.unit.web.again import TITLES, finished
from tests.unit.web.wire import Served, Wire, post, request

pytestmark = pytest.mark.anyio

IDLE = 75
UNREAD = request(
    "POST /graphql", {"host": "mitra", "content-type": "text/x", "content-length": "9"}
)

Later = Callable[[float], Awaitable[None]]


@pytest.fixture
async def wire(served: Served) -> Wire:
    return served.connect(timeout_keep_alive=IDLE)


@pytest.fixture
async def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Let so many seconds pass at once."""
    loop, passed = asyncio.get_running_loop(), 0.0
    told = loop.time
    monkeypatch.setattr(loop, "time", lambda: told() + passed)

    async def pass_by(seconds: float) -> None:
        nonlocal passed
        passed += seconds
        for _ in range(3):
            await asyncio.sleep(0)

    return pass_by


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no body."""
    monkeypatch.setattr("gateway.web.server.door.SOON", 0.0)


async def test_after_an_answer_a_connection_is_kept_for_as_long_as_the_settings_say(wire, later):
    is_closed = []
    for seconds in (IDLE - 1, IDLE - 1, IDLE + 1):
        await wire.send(post(TITLES))
        await later(seconds)
        is_closed.append(wire.transport.is_closed)

    assert is_closed == [False, False, True]


async def test_what_is_answered_before_parsing_is_an_answer_like_others(served, wire, later):
    for _ in range(4):
        await served.connect().send(post(TITLES))
    before, is_closed = finished(), []
    for seconds in (IDLE - 1, IDLE - 1, IDLE + 1):
        await wire.send(post(TITLES))
        await later(seconds)
        is_closed.append(wire.transport.is_closed)

    assert is_closed == [False, False, True]
    assert finished() == before + 3


@pytest.mark.parametrize("begun", [b"P", b"\r\n"], ids=["head", "blank line"])
async def test_what_has_begun_is_not_waited_for_as_long_as_another_request(wire, later, begun):
    await wire.send(post(TITLES))
    await later(IDLE / 2)

    wire.protocol.data_received(begun)
    await later(9)

    assert wire.transport.is_closed


async def test_a_head_that_is_late_may_still_come_in_its_time(wire, later):
    sent = post(TITLES)
    await wire.send(sent)
    await later(IDLE - 4)

    wire.protocol.data_received(sent[:10])
    await later(7)
    reply = await wire.send(sent[10:])

    assert (reply.status, wire.transport.is_closed) == (200, False)


async def test_a_new_connection_is_not_kept_like_one_that_has_asked(wire, later):
    await later(9)

    assert wire.transport.is_closed


async def test_a_request_takes_as_long_as_it_takes_and_is_idle_only_then(
    served, wire, later, monkeypatch
):
    go_on, run = asyncio.Event(), served.edge.engine.run

    async def slowly(*asked: Any) -> Any:
        await go_on.wait()
        return await run(*asked)

    await wire.send(post(TITLES))
    monkeypatch.setattr(served.edge.engine, "run", slowly)
    reply = asyncio.create_task(wire.send(post({"query": "{ me { __typename } }"})))
    await later(2 * IDLE)
    was_closed = wire.transport.is_closed
    go_on.set()
    await reply
    is_closed = []
    for seconds in (IDLE - 1, 2):
        await later(seconds)
        is_closed.append(wire.transport.is_closed)

    assert (was_closed, is_closed) == (False, [False, True])


async def test_a_body_that_is_answered_before_it_has_come_is_waited_for_like_a_head(
    wire, later, at_once
):
    reply = await wire.send(UNREAD)
    await later(9)

    assert (reply.status, wire.transport.is_closed) == (415, True)


async def test_once_such_a_body_has_come_the_connection_idles(wire, later, at_once):
    await wire.send(UNREAD)
    await later(7)
    wire.protocol.data_received(b"123456789")
    await later(IDLE - 1)
    reply = await wire.send(post(TITLES))

    assert reply.status == 200


async def test_an_idle_connection_holds_nothing_of_its_last_request(wire):
    await wire.send(post(TITLES))

    held = wire.protocol.cycle, wire.protocol.scope, wire.protocol.headers, wire.protocol._door
    assert held == (None,) * 4


def test_the_server_keeps_connections_longer_than_most_proxies_do():
    usual, told = (
        server_options(settings) for settings in (Settings(), Settings(idle_seconds=620))
    )

    assert usual["timeout_keep_alive"] > 60
    assert told["timeout_keep_alive"] == 620
