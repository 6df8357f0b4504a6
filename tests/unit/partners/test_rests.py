"""A partner that asks for a rest has it, and none gets calls faster than its pace."""

import pytest

from adapters.errors import PartnerThrottledError
from gateway.partners.breaker import BreakerState
from gateway.partners.errors import PaceError, RestingError
from gateway.partners.pace import LocalPace, Rate
from gateway.partners.reports import CallReport
from schema.model.values import RemoteId
from tests.unit.partners.desks import (
    BOOKING,
    CODE,
    DOWN,
    RECEIPT,
    REFERENCE,
    THROTTLED,
    Desk,
    Time,
    calls_to,
    fail,
)

pytestmark = pytest.mark.anyio


async def test_a_partner_that_asks_for_a_rest_has_it():
    told = PartnerThrottledError(CODE, retry_after=3_600.0)
    time, desk = Time(), Desk(lambda: told)
    reports: list[CallReport] = []
    calls = calls_to(desk, time, report=reports.append)
    assert await fail(calls) is told
    assert calls.resting() == {CODE}

    time.now += 890
    with pytest.raises(RestingError) as caught:
        await calls.find(CODE, REFERENCE)
    with pytest.raises(RestingError):
        await calls.quote(CODE, [RemoteId("K1")])
    asked, desk.answer = desk.requests, lambda: None
    time.now += 10  # a quarter of an hour is the most
    answered = await calls.enrol(CODE, BOOKING)

    assert caught.value.retry_after == pytest.approx(10.0)
    assert (asked, answered) == (1, RECEIPT)
    assert [each.outcome for each in reports] == ["throttled", "resting", "resting", "ok"]
    assert (calls.resting(), calls.failing()) == (set(), set())


async def test_a_short_rest_is_waited_for_within_the_call():
    time, script = Time(), [None, THROTTLED]
    desk = Desk(script.pop)
    calls = calls_to(desk, time)

    assert await calls.enrol(CODE, BOOKING) == RECEIPT
    assert (desk.requests, time.now) == (2, 1.0)


async def test_calls_wait_for_their_turn():
    time, desk = Time(), Desk(lambda: None)
    calls = calls_to(desk, time, pace=LocalPace({CODE: Rate(5)}, clock=time.clock))

    for _ in range(15):
        await calls.find(CODE, REFERENCE)

    assert time.now == pytest.approx(2.0)


async def test_a_call_that_would_wait_too_long_is_held_back_with_the_wait():
    time, desk = Time(), Desk(lambda: None)
    calls = calls_to(desk, time, pace=LocalPace({CODE: Rate(0.1)}, clock=time.clock))
    await calls.enrol(CODE, BOOKING)

    error = await fail(calls)

    assert isinstance(error, PaceError)
    assert error.retry_after == pytest.approx(10.0)
    assert desk.requests == 1
    assert calls.state(CODE) is BreakerState.CLOSED


async def test_a_retry_that_is_held_back_tells_of_the_failure_before_it():
    time, desk = Time(), Desk(lambda: DOWN)
    calls = calls_to(desk, time, pace=LocalPace({CODE: Rate(0.1)}, clock=time.clock))

    error = await fail(calls)

    assert error is DOWN
    assert desk.requests == 1
