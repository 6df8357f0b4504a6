"""How many calls a partner gets at a time."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.partners.concurrency import AdaptiveLimit, Places

pytestmark = pytest.mark.anyio


def test_crowding_makes_it_smaller_and_answers_larger_again():
    size = AdaptiveLimit(16)
    size.decrease(began=0.0, now=1.0)
    assert size.limit == 12

    for _ in range(12 * 4 + 10):
        size.increase()
    assert size.limit == 16


def test_calls_that_had_begun_before_a_decrease_count_once():
    size = AdaptiveLimit(16)
    for _ in range(16):
        size.decrease(began=0.0, now=10.0)
    assert size.limit == 12

    size.decrease(began=10.0, now=20.0)
    assert size.limit == 10


@given(st.integers(1, 50), st.lists(st.booleans()))
def test_crowding_only_shrinks_it_answers_only_widen_it_and_it_keeps_its_bounds(
    most: int, steps: list[bool]
):
    size = AdaptiveLimit(most)
    for number, is_crowded in enumerate(steps):
        before = size.limit
        if is_crowded:
            size.decrease(began=number, now=number)
            assert size.limit <= before
        else:
            size.increase()
            assert size.limit >= before
        assert size.limit in range(1, most + 1)


class Visitor:
    """Takes a place, and keeps it until it is told to go."""

    def __init__(self, places: Places) -> None:
        self.is_in = False
        self.may_go = asyncio.Event()
        self.task = asyncio.create_task(self._visit(places))

    async def _visit(self, places: Places) -> None:
        async with places:
            self.is_in = True
            await self.may_go.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_is_let_in_by_turns():
    places = Places(AdaptiveLimit(1))
    first, second, third = [Visitor(places) for _ in range(3)]
    await settle()
    assert [first.is_in, second.is_in, third.is_in] == [True, False, False]

    first.may_go.set()
    await settle()
    assert [second.is_in, third.is_in] == [True, False]
    for each in (second, third):
        each.may_go.set()
    await asyncio.gather(first.task, second.task, third.task)


@pytest.mark.parametrize("is_admitted_first", [False, True])
async def test_who_leaves_the_line_leaves_no_place_taken(is_admitted_first: bool):
    places = Places(AdaptiveLimit(1))
    first, second = Visitor(places), Visitor(places)
    await settle()
    if is_admitted_first:  # the place is given, but who waits for it has not gone on yet
        first.may_go.set()
        while not first.task.done():  # noqa: ASYNC110 - to be there the moment it is
            await asyncio.sleep(0)
        assert not second.is_in
    second.task.cancel()
    first.may_go.set()
    await asyncio.gather(first.task, second.task, return_exceptions=True)

    third = Visitor(places)
    await settle()
    assert third.is_in
    third.may_go.set()
    await third.task


async def test_a_smaller_limit_lets_nobody_in_until_it_is_kept():
    size = AdaptiveLimit(4)
    places = Places(size)
    visitors = [Visitor(places) for _ in range(5)]
    await settle()
    for moment in range(20):
        size.decrease(began=moment, now=moment)
    visitors[0].may_go.set()
    await settle()
    assert not visitors[4].is_in

    for each in visitors:
        each.may_go.set()
    await asyncio.gather(*(each.task for each in visitors))
    assert visitors[4].is_in
