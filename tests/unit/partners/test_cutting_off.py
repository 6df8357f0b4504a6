"""A partner that fails is cut off, left alone, probed and let in again."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Page
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerAccessError,
    PartnerContractError,
    PartnerError,
    PartnerRefusedError,
    UnreadableListError,
)
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.errors import BreakerOpenError, HeldBackError
from gateway.partners.operations import CallLimits, Operation
from gateway.partners.reports import CallReport
from tests.unit.partners.desks import (
    CODE,
    DOUBT,
    DOWN,
    RECEIPT,
    REFERENCE,
    THROTTLED,
    Desk,
    Mute,
    Time,
    broken,
    calls_to,
    fail,
    others_run,
)

pytestmark = pytest.mark.anyio

GARBAGE = PartnerContractError(CODE, "its answer is not JSON")
REFUSED = PartnerRefusedError(CODE, "no such booking")
LOCKED_OUT = PartnerAccessError(CODE, "answered HTTP 401")
UNREADABLE = UnreadableListError(CODE, "no row can be read", Page())
SHORT = CallLimits(deadlines=dict.fromkeys(Operation, 0.0))


@pytest.mark.parametrize(
    "error", [DOWN, GARBAGE, DOUBT, LOCKED_OUT], ids=["5xx", "garbage", "doubt", "locked-out"]
)
async def test_ten_failures_cut_a_partner_off(error: PartnerError):
    desk = Desk(lambda: error)
    calls = calls_to(desk, Time())

    await broken(calls)

    assert desk.requests == 10


@pytest.mark.parametrize("error", [REFUSED, THROTTLED, UNREADABLE])
async def test_no_refusal_and_no_throttle_cuts_a_partner_off(error: PartnerError):
    calls = calls_to(Desk(lambda: error), Time())
    for _ in range(50):
        await fail(calls)

    assert calls.state(CODE) is BreakerState.CLOSED


async def test_a_cut_off_partner_is_not_asked_and_callers_hear_when_it_may_be():
    time, desk = Time(), Desk(lambda: DOUBT)
    reports: list[CallReport] = []
    calls = calls_to(desk, time, report=reports.append)
    await broken(calls)
    asked, time.now = desk.requests, time.now + 2

    error = await fail(calls)

    assert isinstance(error, BreakerOpenError)
    assert error.retry_after == pytest.approx(3.0)
    assert error.reason == "is left alone, as it failed (line dropped)"
    assert desk.requests == asked
    told = reports[-1]
    assert (told.outcome, told.attempts, told.breaker) == ("breaker_open", 0, BreakerState.OPEN)
    assert calls.failing() == calls.resting() == {CODE}


async def test_a_partner_that_comes_back_is_probed_and_let_in_again():
    time, answer = Time(), [DOUBT]
    desk = Desk(lambda: answer[0])
    calls = calls_to(desk, time)
    await broken(calls)
    answer[0] = None
    began = desk.requests

    while calls.state(CODE) is not BreakerState.CLOSED and time.now < 60:
        time.now += 0.1
        with suppress(HeldBackError):
            await calls.find(CODE, REFERENCE)

    assert time.now == pytest.approx(15.0, abs=0.5)
    assert calls.resting() == set()
    assert desk.requests - began == 3


async def test_a_failed_probe_is_not_repeated():
    time, desk = Time(), Desk(lambda: DOWN)
    calls = calls_to(desk, time)
    await broken(calls)
    asked, time.now = desk.requests, time.now + 5

    error = await fail(calls)

    assert error is DOWN
    assert desk.requests == asked + 1


async def test_a_partner_that_does_not_answer_in_time_is_cut_off():
    desk = Mute()
    calls = PartnerCalls(lambda _: desk, SHORT)

    errors = [await fail(calls) for _ in range(10)]

    assert all(isinstance(each, AmbiguousPartnerError) for each in errors)
    assert calls.state(CODE) is BreakerState.OPEN


async def test_a_caller_that_gives_up_blames_nobody_and_frees_the_probe():
    time, desk = Time(), Desk(lambda: DOUBT)
    calls = calls_to(desk, time)
    await broken(calls)
    time.now += 5
    mute = Mute()
    desk._answer = mute._answer
    task = asyncio.create_task(calls.find(CODE, REFERENCE))
    await others_run()
    assert mute.requests == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    mute.may_answer.set()
    time.now += 5
    assert await calls.find(CODE, REFERENCE) == RECEIPT


@given(
    st.lists(
        st.sampled_from([DOWN, DOWN, DOWN, THROTTLED, GARBAGE, REFUSED, None]),
        min_size=1,
        max_size=300,
    )
)
def test_a_partner_never_receives_more_than_a_fifth_more_than_the_calls(script):
    async def scenario() -> None:
        time, left = Time(), list(script)
        desk = Desk(lambda: left.pop() if left else DOWN)
        calls = calls_to(desk, time)
        for made in range(1, 201):
            time.now += made % 7
            await asyncio.gather(calls.find(CODE, REFERENCE), return_exceptions=True)
            assert desk.requests <= 1.2 * made + 3

    asyncio.run(scenario())
