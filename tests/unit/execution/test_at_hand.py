"""What of finished answers stays in memory, and what makes room."""

import math
from typing import Any

import orjson
import pytest

from gateway.execution.answers import Answer, Promise
from gateway.execution.at_hand import PLAIN, AtHand, Kept

BODY = b"x" * 8_000  # and some two thousand of bookkeeping: ten of these are a hundred thousand


async def renew() -> tuple[Answer, Kept | None]:
    """Nobody asks for it here."""
    raise NotImplementedError


def a_kept(at_hand: AtHand, key: str, body: bytes = BODY, weight: int = 0) -> Kept:
    state: Any = None
    promise = Promise(state, "1", with_partners=False, until=math.inf, clock=lambda: 0.0)
    return Kept(at_hand, key, Answer(200, body), promise, renew, weight)


@pytest.fixture
def at_hand() -> AtHand:
    return AtHand(100_000)


def keep(at_hand: AtHand, *keys: str, again: bool = False) -> None:
    for key in keys:
        at_hand.keep(a_kept(at_hand, key), again=again)


def test_what_nobody_asks_again_pushes_out_nothing_of_what_is_asked_all_the_time(at_hand):
    asked = [f"asked-{n}" for n in range(8)]
    keep(at_hand, *asked, again=True)

    keep(at_hand, *(f"once-{n}" for n in range(100)))

    assert all(at_hand.get(key) for key in asked)
    assert at_hand.size <= 100_000


def test_what_was_asked_once_has_what_room_is_left(at_hand):
    keep(at_hand, *(f"once-{n}" for n in range(9)))

    assert len(at_hand) == 9


def test_what_is_asked_a_second_time_stays(at_hand):
    keep(at_hand, "twice")
    at_hand.get("twice")

    keep(at_hand, *(f"once-{n}" for n in range(100)))

    assert at_hand.get("twice")


def test_what_has_not_been_asked_for_longest_goes(at_hand):
    keep(at_hand, *"abcdefghi", again=True)
    at_hand.get("a")

    keep(at_hand, "j", "k", again=True)

    assert [key for key in "abcd" if at_hand.get(key)] == ["a", "c", "d"]


def test_a_new_answer_takes_the_place_of_the_one_before(at_hand):
    keep(at_hand, "a", again=True)

    at_hand.keep(new := a_kept(at_hand, "a", b"new"), again=False)

    assert (at_hand.get("a"), len(at_hand)) == (new, 1)
    assert at_hand.size < len(BODY)


def test_an_answer_that_says_the_same_has_the_same_bodies_however_packed(at_hand):
    at_hand.keep(old := a_kept(at_hand, "a"), again=True)
    old.pack("zstd", b"packed")

    at_hand.keep(new := a_kept(at_hand, "a", bytes(BODY)), again=True)
    at_hand.keep(other := a_kept(at_hand, "a", b"y"), again=True)

    assert new.answer.body is old.bodies[PLAIN]
    assert (new.bodies[PLAIN] is old.bodies[PLAIN], new.packing_of(b"packed")) == (True, "zstd")
    assert other.bodies == {PLAIN: b"y"}


def test_no_room_is_kept_behind_a_body():
    encoded = orjson.dumps({"numbers": list(range(3_000))})

    kept = a_kept(AtHand(), "a", encoded)

    assert (kept.answer.body, kept.bodies[PLAIN]) == (encoded, encoded)
    assert kept.answer.body is kept.bodies[PLAIN] is not encoded


def test_what_is_packed_and_what_it_takes_to_make_it_anew_count(at_hand):
    at_hand.keep(kept := a_kept(at_hand, "a", b"", weight=30_000), again=True)
    before = at_hand.size
    kept.pack("gzip", b"x" * 10_000)
    keep(at_hand, *"bcdef", again=True)

    assert (before >= 30_000, at_hand.size - before >= 10_000) == (True, True)
    kept.pack("zstd", b"x" * 20_000)
    assert at_hand.size <= 100_000


def test_one_that_is_larger_than_all_may_be_costs_no_other_its_place(at_hand):
    keep(at_hand, *"abc", again=True)

    at_hand.keep(a_kept(at_hand, "large", b"x" * 200_000), again=True)

    assert [bool(at_hand.get(key)) for key in ("a", "b", "c", "large")] == [True] * 3 + [False]
