"""What the hot path keeps is bounded, and what it does not keep goes at once."""

import asyncio
import gc

import pytest
from backports import zstd

from tests.unit.web.again import LONG, TITLES, finished
from tests.unit.web.wire import post

pytestmark = pytest.mark.anyio

FIRST = {"query": "query ($first: Int!) { courses(first: $first) { nodes { title } } }"}


async def test_what_is_kept_is_bounded_by_bytes(served, monkeypatch):
    kept, sent = served.hot._finished, served.hot._sent
    for each, most in ((kept, 60_000), (sent, 50_000)):
        monkeypatch.setattr(each, "_most_size", most)
    for n in range(8):
        for _ in range(3):
            question = {"query": "{ __typename }", "extensions": {"n": n, "pad": "x" * 20_000}}
            await served.connect().send(post(question))

    assert (len(kept), len(sent)) == (2, 1)  # the questions' own bytes count, too


async def test_what_is_packed_is_given_at_once_to_who_can_unpack_and_who_cannot(served):
    wire, plain, packed = served.connect(), post(LONG), post(LONG, accept_encoding="zstd")
    [expected, *_] = [await wire.send(each) for each in (plain, packed) * 2]
    [kept] = [served.edge.at_hand.get(key) for key in served.edge.at_hand._plain._kept]
    kept.fold()
    before = finished()

    first = await wire.send(packed)
    assert kept.bodies.keys() == {"zstd"}  # nothing was unpacked for that
    second = await wire.send(plain)

    assert finished() == before + 2
    assert zstd.decompress(first.body) == second.body == expected.body


async def test_of_a_stream_no_more_is_kept_than_tells_that_it_is_one(served, monkeypatch):
    watched = []

    async def stream(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50):
            await send({"type": "http.response.body", "body": b"x" * 9, "more_body": True})
        watched.extend(send.__closure__)
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(served.hot, "_app", stream)
    served.connect().protocol.data_received(post(TITLES))
    await asyncio.sleep(0.01)

    assert [len(c.cell_contents) for c in watched if isinstance(c.cell_contents, list)] == [3]


async def test_what_has_answered_goes_at_once_and_waits_for_no_collection(served):
    wire = served.connect()
    asked = [post({**FIRST, "variables": {"first": 1 + number}}) for number in range(8)]
    for known in asked[:3]:
        await wire.send(known)
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for new in asked[3:]:
            await wire.send(new)
        wire.close()
        gc.collect()
        left = {type(each).__qualname__ for each in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()

    assert left == set()
