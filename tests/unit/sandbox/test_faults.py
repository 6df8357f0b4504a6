"""Which requests a fault strikes, and what the poison on a shelf is."""

import zlib
from datetime import date

import pytest

from adapters.sandbox.faults import answers, spoiling
from adapters.sandbox.faults.anatomy import replaced
from adapters.sandbox.faults.kinds import Asked
from adapters.sandbox.faults.orders import ActiveFault, BadOrderError, FaultOrder, to_order
from adapters.sandbox.faults.registry import FAULTS, UnknownFaultError, fault_named
from adapters.sandbox.generator import generate
from adapters.sandbox.shelf import Shelf

HANG = fault_named("hang")
SHELF = generate(today=date(2026, 3, 2))["pintaria"][:40]


def strikes(order: FaultOrder, count: int) -> list[bool]:
    active = ActiveFault(order)
    return [active.strikes(Asked.READING) for _ in range(count)]


def test_a_fault_strikes_every_request_unless_told_otherwise():
    assert strikes(FaultOrder(HANG), 3) == [True, True, True]


def test_a_share_is_struck_evenly():
    struck = strikes(FaultOrder(HANG, share=0.3), 100)

    assert sum(struck) == 30
    assert all(2 <= sum(struck[start : start + 10]) <= 4 for start in range(0, 100, 10))


def test_the_first_ones_are_left_alone_and_then_only_so_many_are_struck():
    assert strikes(FaultOrder(HANG, after=2, times=1), 5) == [False, False, True, False, False]


def test_only_what_it_is_set_on_is_struck_and_counted():
    active = ActiveFault(FaultOrder(HANG, on=frozenset({Asked.ENROLLING})))

    assert not active.strikes(Asked.READING)
    assert active.strikes(Asked.ENROLLING)
    assert (active.seen, active.struck) == (1, 1)


def test_an_order_is_read_as_it_was_written():
    order = FaultOrder(HANG, 0.5, 3, 1, 0.25, frozenset({Asked.READING, Asked.LOOKING_UP}))

    assert to_order(order.to_json()) == order


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "send"),
        ({"fault": 7}, "send"),
        ({"fault": "hang", "shares": 1}, "unknown keys"),
        ({"fault": "hang", "share": 1.5}, "share must be a number from 0 to 1"),
        ({"fault": "hang", "share": True}, "share must be"),
        ({"fault": "hang", "times": 0}, "times must be"),
        ({"fault": "hang", "seconds": -1}, "seconds must be"),
        ({"fault": "hang", "on": "weekdays"}, "`on` must be some of"),
    ],
)
def test_a_senseless_order_is_refused_in_a_sentence(told, said):
    with pytest.raises(BadOrderError, match=said):
        to_order(told)


def test_an_unknown_fault_says_where_the_known_ones_are():
    with pytest.raises(UnknownFaultError, match="mitra sandbox faults"):
        to_order({"fault": "gremlins"})


def test_every_fault_has_a_name_of_its_own_and_says_what_must_come_of_it():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert fault.page or fault.whole or fault.booking, fault.name
        assert not (fault.page and fault.whole), fault.name
        assert bool(fault.act) + bool(fault.port) + bool(fault.host) == 1, fault.name


def test_the_bomb_is_small_and_unpacks_to_a_hundred_megabytes():
    bomb, unpacker, unpacked = answers.bomb(), zlib.decompressobj(16 + zlib.MAX_WBITS), 0
    packed = bomb
    while packed:
        unpacked += len(unpacker.decompress(packed, 1_000_000))
        packed = unpacker.unconsumed_tail
    unpacked += len(unpacker.flush())

    assert 90_000 < len(bomb) < 110_000
    assert unpacked == 100_000_000


def test_a_shelf_shows_other_rows_only_within():
    shelf = Shelf(SHELF)
    with shelf.showing(SHELF[:3]):
        assert (len(shelf), list(shelf[1:])) == (3, list(SHELF[1:3]))

    assert list(shelf) == list(SHELF)


@pytest.mark.parametrize("share", [0.05, 0.34, 1.0])
def test_about_this_share_of_the_rows_is_taken_away(share):
    left = spoiling.without(share)(SHELF)

    assert len(SHELF) - len(left) == int(len(SHELF) * share)


def test_grown_rows_have_keys_of_their_own():
    grown = spoiling.grown(12)(SHELF)

    assert len({row.key for row in grown}) == len(grown) == 12 * len(SHELF)


def test_only_what_the_pattern_points_at_is_replaced():
    body = b'{"price": 5, "was": 5}, {"price": 6}'

    assert replaced(rb'"price": (\d)', body, b"null") == (
        b'{"price": null, "was": 5}, {"price": null}'
    )
    assert (
        replaced(rb'"price": (\d)', body, b"7", most=1) == b'{"price": 7, "was": 5}, {"price": 6}'
    )
