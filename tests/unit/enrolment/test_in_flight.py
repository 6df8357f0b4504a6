"""Duplicates take turns, and leave nothing behind."""

import asyncio

import pytest

from gateway.enrolment.in_flight import TurnNotComeError, Turns

pytestmark = pytest.mark.anyio


async def test_one_at_a_time_and_each_knows_whether_somebody_was_before():
    turns, inside, most, waited = Turns(), 0, 0, []

    async def take() -> None:
        nonlocal inside, most
        async with turns.turn("key") as was_before:
            waited.append(was_before)
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(take() for _ in range(5)))

    assert most == 1
    assert waited == [False, True, True, True, True]


async def test_other_scopes_do_not_wait():
    turns = Turns(patience_seconds=0)

    async with turns.turn("one"), turns.turn("other") as was_before:
        assert not was_before


async def test_patience_ends():
    turns = Turns(patience_seconds=0)

    async with turns.turn("key"):
        with pytest.raises(TurnNotComeError):
            async with turns.turn("key"):
                raise AssertionError("two at a time")
    async with turns.turn("key") as was_before:
        assert not was_before


async def test_a_failure_gives_the_turn_back():
    turns = Turns(patience_seconds=0)
    with pytest.raises(RuntimeError):
        async with turns.turn("key"):
            raise RuntimeError("the ledger is down")

    async with turns.turn("key") as was_before:
        assert not was_before
    assert not turns._locks
    assert not turns._users
