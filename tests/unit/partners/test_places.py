"""A partner gets so many calls at a time; who waits in line for it is not blamed on it."""

import asyncio

import pytest

from adapters.base import Receipt
from adapters.errors import PartnerThrottledError
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.errors import BreakerOpenError, CrowdedError
from gateway.partners.operations import DEADLINES, CallLimits, Operation
from tests.unit.partners.desks import (
    BOOKING,
    CODE,
    DOUBT,
    OTHER,
    RECEIPT,
    REFERENCE,
    Desk,
    Mute,
    Time,
    calls_to,
    fail,
    others_run,
)

pytestmark = pytest.mark.anyio


async def test_what_never_got_its_place_in_time_blames_nobody():
    desk = Mute()
    calls = PartnerCalls(
        lambda _: desk,
        CallLimits(deadlines={**DEADLINES, Operation.FIND: 0.0}, per_partner=1),
    )
    holding = asyncio.create_task(calls.enrol(CODE, BOOKING))
    await others_run()

    for _ in range(12):
        with pytest.raises(CrowdedError):
            await calls.find(CODE, REFERENCE)

    assert desk.requests == 1
    assert calls.state(CODE) is BreakerState.CLOSED
    desk.may_answer.set()
    assert await holding == RECEIPT


async def test_who_waits_in_line_for_a_partner_that_is_cut_off_is_told_at_once():
    class Breaking(Mute):
        async def _answer(self) -> Receipt:
            is_last = self.requests == 10
            await super()._answer()
            if is_last:
                await asyncio.Event().wait()
            raise DOUBT

    desk = Breaking()
    calls = PartnerCalls(lambda _: desk, CallLimits(per_partner=11))
    under_way = [asyncio.create_task(calls.find(CODE, REFERENCE)) for _ in range(11)]
    in_line = [asyncio.create_task(calls.enrol(CODE, BOOKING)) for _ in range(20)]
    await others_run()

    desk.may_answer.set()
    async with asyncio.timeout(2):  # enrolling may take ten seconds
        told = await asyncio.gather(*in_line, return_exceptions=True)

    assert {type(each) for each in told} == {BreakerOpenError}
    assert desk.requests == 11
    for each in under_way:
        each.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


async def test_a_booking_that_gets_its_place_too_late_is_not_sent():
    time, desk = Time(), Mute()
    limits = CallLimits(deadlines={**DEADLINES, Operation.FIND: 60.0}, per_partner=1)
    calls = calls_to(desk, time, limits)
    holding = asyncio.create_task(calls.find(CODE, REFERENCE))
    await others_run()
    booking = asyncio.create_task(calls.enrol(CODE, BOOKING))
    await others_run()

    time.now += 0.95 * limits.deadlines[Operation.ENROL]
    desk.may_answer.set()
    with pytest.raises(CrowdedError):
        await booking

    assert await holding == RECEIPT
    assert desk.requests == 1


async def test_a_partner_that_hangs_takes_no_place_of_another():
    mute, desk = Mute(), Desk(lambda: None)
    calls = PartnerCalls({CODE: mute, OTHER: desk}.__getitem__)
    hanging = [asyncio.create_task(calls.enrol(CODE, BOOKING)) for _ in range(100)]
    await others_run()

    async with asyncio.timeout(1):
        answers = [await calls.enrol(OTHER, BOOKING) for _ in range(100)]

    assert answers == [RECEIPT] * 100
    assert mute.requests == 16
    for each in hanging:
        each.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_throttled_partner_gets_fewer_calls_at_a_time():
    desk = Desk(lambda: PartnerThrottledError(CODE))
    calls = calls_to(desk, time := Time(), CallLimits(per_partner=10))
    for _ in range(20):
        time.now += 1
        await fail(calls)

    mute = Mute()
    desk._answer = mute._answer
    waiting = [asyncio.create_task(calls.find(CODE, REFERENCE)) for _ in range(10)]
    for _ in range(5):
        await others_run()
    assert mute.requests == 1
    mute.may_answer.set()
    await asyncio.gather(*waiting)
