"""Work is done at once if nothing keeps it waiting, and else it is as if it had not begun."""

import asyncio

import pytest

from gateway.execution.at_once import WaitsError, at_once
from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets, Payer

pytestmark = pytest.mark.anyio


async def twice(number: int) -> int:
    return number * 2


async def test_what_need_not_wait_is_returned_however_many_take_part():
    async def several() -> int:
        return await twice(await twice(1))

    assert at_once(several()) == 4


async def test_what_would_wait_is_ended_where_it_stands():
    ended = []

    async def waiting() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            ended.append(True)

    with pytest.raises(WaitsError):
        at_once(waiting())
    assert ended == [True]


async def test_what_it_raises_is_raised():
    async def failing() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        at_once(failing())


@pytest.mark.parametrize("cost", [0, 7, 995])
def test_what_is_given_back_is_there_as_before(cost):
    budgets = Budgets(LocalBuckets(clock=lambda: 0.0), points_a_minute=1_000)
    payer = Payer("web")
    first = budgets.pay_at_once(payer, 5)

    budgets.pay_at_once(payer, cost)
    budgets.give_back(payer, cost)
    again = budgets.pay_at_once(payer, 5)

    assert first is not None
    assert again is not None
    assert (first.remaining, again.remaining) == (995, 990)
