"""What of finished answers stays in memory, and what makes room."""

import math
import zlib
from random import Random
from typing import Any

import orjson
import pytest
from backports import zstd

from gateway.execution.answers import Answer, Promise
from gateway.execution.at_hand import PLAIN, AtHand, Kept
from gateway.execution.packing import LONGEST_AT_ONCE

# Nothing makes it smaller; with bookkeeping ten of these are a hundred thousand.
BODY = Random(1).randbytes(8_200)
TEXT = orjson.dumps([{"title": "Belajar Barista", "price": n} for n in range(300)])


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
    assert new.bodies is old.bodies
    assert other.bodies == {PLAIN: b"y"}


def test_what_is_packed_for_one_that_was_replaced_counts_if_its_bodies_stand(at_hand):
    former, newest = a_kept(at_hand, "a"), a_kept(at_hand, "a")
    for each in (former, newest):
        at_hand.keep(each, again=True)

    former.pack("gzip", BODY)  # it was being packed while the new one came

    assert at_hand.size == newest.size > 2 * len(BODY)


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


def folded(at_hand: AtHand) -> Kept:
    """Return an answer that was asked for again, and for so long no more that it is packed."""
    at_hand.keep(kept := a_kept(at_hand, "folded", TEXT), again=True)
    keep(at_hand, "a", "b", "c", again=True)
    return kept


def test_what_was_not_asked_for_lately_is_packed_as_clients_take_it(at_hand):
    kept = folded(at_hand)

    assert kept.bodies == {"zstd": zstd.compress(TEXT, 3)}
    assert kept.body("zstd") is kept.bodies["zstd"]
    assert at_hand.size < 3 * len(BODY) + 4 * 1_600 + len(TEXT) // 5


def test_what_is_packed_is_given_as_it_was(at_hand):
    kept = folded(at_hand)

    assert (kept.status, kept.is_small, kept.body("gzip")) == (200, False, None)
    assert kept.tag == Answer(200, TEXT).tag
    assert kept.bodies.keys() == {"zstd"}  # nobody has asked for it
    assert (kept.answer.body, kept.body(PLAIN)) == (TEXT, TEXT)


def test_what_is_asked_for_twice_in_a_while_stays_unpacked_and_another_is_packed(at_hand):
    kept = folded(at_hand)

    kept.body(PLAIN)
    assert PLAIN not in kept.bodies
    second = kept.body(PLAIN)

    assert at_hand.get("folded").body(PLAIN) is second
    assert PLAIN not in at_hand.get("a").bodies
    assert PLAIN in at_hand.get("c").bodies


def test_what_is_asked_for_once_in_a_while_pushes_out_nothing(at_hand):
    kept, other = folded(at_hand), a_kept(at_hand, "other")

    for _ in range(3):
        kept.body(PLAIN)
        for _ in range(300):
            at_hand.is_unpacked_again(other)

    assert PLAIN not in kept.bodies
    assert all(PLAIN in at_hand.get(key).bodies for key in "abc")


def test_what_the_ordinary_path_was_given_is_known_by_its_body(at_hand):
    kept = folded(at_hand)

    assert kept.packing_of(kept.answer.body) == PLAIN


def test_what_is_asked_for_as_it_is_stays_so(at_hand):
    keep(at_hand, "a", "b", "c", again=True)
    at_hand.get("a").body(PLAIN)

    keep(at_hand, "d", again=True)

    assert [PLAIN in at_hand.get(key).bodies for key in "abcd"] == [True, False, True, True]


def test_a_form_that_clients_have_asked_for_is_enough(at_hand):
    at_hand.keep(kept := a_kept(at_hand, "folded", TEXT), again=True)
    kept.pack("gzip", zlib.compress(TEXT, wbits=31))
    keep(at_hand, "a", "b", "c", again=True)

    assert kept.bodies.keys() == {"gzip"}
    assert kept.body(PLAIN) == TEXT


def test_what_nobody_asks_again_is_not_packed(at_hand):
    once = [a_kept(at_hand, f"once-{n}") for n in range(30)]

    for each in once:
        at_hand.keep(each, again=False)

    assert all(each.bodies.keys() == {PLAIN} for each in once)


@pytest.mark.parametrize("body", [b"small", bytes(LONGEST_AT_ONCE + 1)], ids=["small", "long"])
def test_what_is_not_worth_it_or_takes_too_long_is_not_packed(body):
    at_hand = AtHand(1_000_000)
    at_hand.keep(kept := a_kept(at_hand, "a", body), again=True)

    keep(at_hand, *(f"{n}" for n in range(60)), again=True)

    assert kept.bodies == {PLAIN: body}


def test_one_that_says_the_same_as_one_that_is_packed_stays_packed(at_hand):
    old = folded(at_hand)

    at_hand.keep(new := a_kept(at_hand, "folded", TEXT), again=True)

    assert new.bodies is old.bodies
    assert at_hand.get("folded").body(PLAIN) == TEXT


def test_what_has_gone_is_counted_no_longer(at_hand):
    gone = folded(at_hand)
    keep(at_hand, *(f"{n}" for n in range(20)), again=True)
    before = at_hand.size

    assert at_hand.get("folded") is None
    assert gone.body(PLAIN) == TEXT  # who holds it still may send it
    assert at_hand.size == before


def test_nothing_is_done_with_what_has_gone(at_hand):
    at_hand.keep(gone := a_kept(at_hand, "gone", weight=80_000), again=True)

    keep(at_hand, *"abcdef", again=True)

    assert at_hand.get("gone") is None
    assert gone.bodies.keys() == {PLAIN}
