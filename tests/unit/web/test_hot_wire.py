"""Pieces, late bodies, several requests at once and the end of a connection, one by one."""

import asyncio

import pytest

from tests.unit.web.again import TITLES, finished
from tests.unit.web.wire import post

pytestmark = pytest.mark.anyio


async def test_a_request_in_pieces_is_answered_the_same(served):
    sent = post(TITLES)
    whole = [await served.connect().send(sent) for _ in range(4)][-1]

    pieces = await served.connect().send(sent[:40], sent[40:-20], sent[-20:])

    assert pieces.lasting == whole.lasting


async def test_a_body_that_comes_right_after_its_headers_is_waited_for(served, monkeypatch):
    monkeypatch.setattr("gateway.web.server.door.SOON", 5.0)  # the machine may be busy
    sent = post(TITLES)
    whole = [await served.connect().send(sent) for _ in range(4)][-1]
    wire, before = served.connect(), finished()

    for piece in (sent[:-60], sent[-60:-20]):
        wire.protocol.data_received(piece)
        await asyncio.sleep(0.005)
    reply = await wire.send(sent[-20:])

    assert (reply.lasting, finished()) == (whole.lasting, before + 1)


async def test_a_head_alone_is_never_answered_whatever_body_came_with_it_before(served):
    wire = served.connect()
    asked = [post({"query": f"{{ courses {{ nodes {{ {name}: id }} }} }}"}) for name in "ab"]
    (head, one), (other, another) = (each.split(b"\r\n\r\n") for each in asked)
    assert head == other

    replies = [
        await wire.send(head + b"\r\n\r\n", body) for _ in range(5) for body in (one, another)
    ]

    assert [each.status for each in replies] == [200] * 10
    assert [b'"a"' in each.body for each in replies] == [True, False] * 5


async def test_a_body_that_comes_late_takes_the_ordinary_path(served, monkeypatch):
    monkeypatch.setattr("gateway.web.server.door.SOON", 0.0)
    sent = post(TITLES)
    whole = [await served.connect().send(sent) for _ in range(4)][-1]
    wire, before = served.connect(), finished()

    wire.protocol.data_received(sent[:-20])
    await asyncio.sleep(0.01)
    reply = await wire.send(sent[-20:])

    assert (reply.lasting, finished()) == (whole.lasting, before)


async def test_requests_that_come_together_are_answered_one_by_one(served):
    sent = post(TITLES)
    one = [await served.connect().send(sent) for _ in range(4)][-1]
    wire = served.connect()

    for _ in range(3):
        wire.transport.written.clear()
        wire.protocol.data_received(sent + sent)
        wire.protocol.data_received(sent)
        for _ in range(200):
            await asyncio.sleep(0)
        assert bytes(wire.transport.written).count(one.body) == 3


async def test_a_client_that_wants_no_more_is_told_that_the_connection_ends(served):
    sent = post(TITLES, connection="close")
    for _ in range(4):
        wire = served.connect()
        assert (await wire.send(sent)).headers["connection"] == "close"
        assert wire.transport.is_closed


async def test_a_subscription_is_told_anew_to_each_who_takes_json_as_well(served):
    both = "application/json, text/event-stream"
    subscription = {"query": 'subscription { enrolmentChanged(id: "x") { id } }'}
    before = finished()

    replies = [await served.connect().send(post(subscription, accept=both)) for _ in range(5)]

    told = {(each.status, each.headers["content-type"].partition(";")[0]) for each in replies}
    assert told == {(200, "text/event-stream")}
    assert finished() == before


async def test_a_connection_is_kept_while_it_asks_what_is_answered_before_parsing(
    served, monkeypatch
):
    sent, wire = post(TITLES), served.connect()
    for _ in range(4):
        await served.connect().send(sent)
    loop, passed = asyncio.get_running_loop(), 0.0
    told = loop.time
    monkeypatch.setattr(loop, "time", lambda: told() + passed)

    before, is_closed = finished(), []
    for seconds in (3, 3, 3, 3, 9):
        await wire.send(sent)
        passed += seconds
        for _ in range(3):
            await asyncio.sleep(0)
        is_closed.append(wire.transport.is_closed)

    assert is_closed == [False] * 4 + [True]
    assert finished() == before + 5


async def test_a_process_that_is_about_to_stop_says_so_to_every_client(served):
    wire = served.connect()
    for _ in range(4):
        await wire.send(post(TITLES))

    served.draining.is_draining = True
    reply = await wire.send(post(TITLES))

    assert reply.headers["connection"] == "close"
    assert wire.transport.is_closed
