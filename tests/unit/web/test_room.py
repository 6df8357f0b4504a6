"""When there are too many connections, those go that keep us waiting, and nobody else."""

import asyncio
import resource
import subprocess
import sys
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from gateway.web.server.room import LOOK_SECONDS, MOST, PATIENCE_SECONDS, SHARE, Room
from tests.unit.web.again import TITLES
from tests.unit.web.wire import Served, Wire, post, request

pytestmark = pytest.mark.anyio

NOW = 100.0
HALF = request("POST /graphql", {"host": "mitra", "content-length": "9"})


class Fake:
    """A connection of which the client keeps us waiting since then, or not."""

    def __init__(self, waits_since: float | None) -> None:
        self.waits_since = waits_since
        self.is_let_go = False

    def let_go(self) -> None:
        self.is_let_go = True
        self.waits_since = None  # it is closing


def let_go(connections: Sequence[Fake]) -> list[int]:
    return [place for place, each in enumerate(connections) if each.is_let_go]


def test_who_has_kept_us_waiting_longest_makes_room_for_who_comes():
    waiting = [Fake(3.0), Fake(1.0), Fake(None), Fake(2.0)]
    socket = SimpleNamespace()  # of another protocol

    assert Room(most=5).has_place([*waiting, socket], NOW)
    assert let_go(waiting) == [1]


def test_while_there_is_room_nobody_is_let_go():
    waiting = [Fake(1.0), Fake(2.0)]

    assert Room(most=3).has_place(waiting, NOW)
    assert let_go(waiting) == []


def test_what_may_be_on_its_way_is_waited_for():
    waiting = [Fake(NOW - PATIENCE_SECONDS / 2)]

    assert not Room(most=1).has_place(waiting, NOW)
    assert let_go(waiting) == []


def test_where_nobody_keeps_us_waiting_nobody_may_come():
    assert not Room(most=2).has_place([Fake(None), Fake(None)], NOW)


def test_one_look_makes_room_for_several():
    room, waiting = Room(most=32), [Fake(float(place)) for place in range(32)]

    for count in range(3):
        assert room.has_place([*waiting[count:], *[Fake(None)] * count], NOW)
        assert let_go(waiting) == [0, 1, 2]
    assert room.has_place([*waiting[3:], *[Fake(None)] * 3], NOW)
    assert let_go(waiting) == [0, 1, 2, 3, 4, 5]


def test_who_was_let_go_and_does_not_leave_holds_its_place():
    room, waiting = Room(most=32), [Fake(float(place)) for place in range(32)]

    came = [room.has_place([*waiting, *[Fake(None)] * count], NOW) for count in range(5)]

    assert came == [True, True, True, False, False]


def test_all_are_looked_at_again_and_again_only_if_that_makes_room():
    room, busy = Room(most=1), [Fake(None)]
    room.has_place(busy, NOW)
    waiting = [Fake(1.0)]

    assert not room.has_place(waiting, NOW + LOOK_SECONDS / 2)
    assert room.has_place(waiting, NOW + LOOK_SECONDS)


@pytest.fixture
async def wire(served: Served) -> Wire:
    return served.connect()


async def test_a_client_keeps_us_waiting_that_says_nothing_or_half_of_something(served):
    began = asyncio.get_running_loop().time()
    wire = served.connect()
    silent = wire.protocol.waits_since
    wire.protocol.data_received(HALF[:30])
    in_its_head = wire.protocol.waits_since
    wire.protocol.data_received(HALF[30:])
    in_its_body = wire.protocol.waits_since

    assert [each >= began for each in (silent, in_its_head, in_its_body)] == [True] * 3
    wire.close()


async def test_dripping_into_a_body_gains_no_time_as_a_piece_of_it_does(served):
    wire = served.connect()
    head = request("POST /graphql", {"host": "mitra", "content-length": "9000"})
    told = []
    for piece in (head, b"1", b"2" * 2_000):
        await asyncio.sleep(0.001)
        wire.protocol.data_received(piece)
        told.append(wire.protocol.waits_since)

    assert told[0] == told[1] < told[2]
    wire.close()


async def test_for_whom_there_is_no_place_is_let_go_at_once(served, monkeypatch):
    monkeypatch.setattr("gateway.web.server.GuardedProtocol.room", Room(most=0))

    assert served.connect().transport.is_closed


async def test_a_client_that_waits_for_us_does_not_keep_us_waiting(wire):
    wire.protocol.data_received(post({"query": "{ me { __typename } }"}))

    assert wire.protocol.waits_since is None
    wire.close()


async def test_a_client_that_does_not_read_keeps_us_waiting_whatever_else_it_asks(wire):
    wire.protocol.data_received(post({"query": "{ me { __typename } }"}))
    began = asyncio.get_running_loop().time()
    wire.protocol.pause_writing()
    unread = wire.protocol.waits_since
    wire.protocol.resume_writing()

    assert unread >= began
    assert wire.protocol.waits_since is None
    wire.close()


@pytest.mark.parametrize("unsent", [0, 9], ids=["read", "unread"])
async def test_who_is_let_go_goes_at_once_whether_its_answer_was_read_or_not(wire, unsent):
    await wire.send(post(TITLES))
    wire.transport.unsent = unsent

    wire.protocol.let_go()

    assert (wire.transport.is_closed, wire.transport.is_aborted) == (True, bool(unsent))


async def test_half_a_request_is_let_go_without_a_word(wire):
    wire.protocol.data_received(HALF[:30])

    wire.protocol.let_go()

    assert (wire.transport.is_aborted, wire.transport.written) == (True, b"")


def test_a_process_takes_the_descriptors_that_it_may_have():
    few = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (64, r.getrlimit(r.RLIMIT_NOFILE)[1]))"
    )
    take = "from gateway.web.server.room import *; take_descriptors(); print(most_connections())"

    told = subprocess.check_output([sys.executable, "-c", f"{few}; {take}"], text=True)

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert int(told) == (MOST if most == resource.RLIM_INFINITY else min(MOST, int(most * SHARE)))
