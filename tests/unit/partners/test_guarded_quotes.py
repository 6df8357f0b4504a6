"""Quotes have a guard of their own: what befalls them costs enrolments nothing."""

import asyncio
from contextlib import suppress

import pytest

from adapters.base import Quote
from adapters.errors import PartnerError, PartnerRefusedError, PartnerThrottledError
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.errors import BreakerOpenError
from gateway.partners.operations import CallLimits, Operation
from gateway.partners.reports import CallReport
from schema.model.values import RemoteId
from tests.unit.partners.desks import (
    BOOKING,
    CODE,
    DOWN,
    RECEIPT,
    Desk,
    Mute,
    Time,
    broken,
    calls_to,
    others_run,
)

pytestmark = pytest.mark.anyio


async def test_a_throttle_of_quotes_gives_enrolments_no_rest():
    told = PartnerThrottledError(CODE, retry_after=60.0)
    desk = Desk(lambda: told)
    calls = calls_to(desk, Time())
    with pytest.raises(PartnerThrottledError):
        await calls.quote(CODE, [RemoteId("K1")])
    desk.answer = lambda: None

    assert await calls.enrol(CODE, BOOKING) == RECEIPT


async def test_quotes_that_fail_cut_off_quotes_alone():
    desk = Desk(lambda: DOWN)
    calls = calls_to(desk, Time())
    for _ in range(10):
        with suppress(PartnerError):
            await calls.quote(CODE, [RemoteId("K1")])
    requests = desk.requests

    with pytest.raises(BreakerOpenError):
        await calls.quote(CODE, [RemoteId("K1")])

    assert desk.requests == requests == 10
    assert calls.state(CODE) is BreakerState.CLOSED
    assert not calls.failing()
    assert not calls.resting()


async def test_a_partner_that_is_cut_off_is_asked_for_no_quotes():
    desk = Desk(lambda: DOWN)
    reports: list[CallReport] = []
    calls = calls_to(desk, Time(), report=reports.append)
    await broken(calls)
    requests = desk.requests

    with pytest.raises(BreakerOpenError):
        await calls.quote(CODE, [RemoteId("K1")])

    assert desk.requests == requests
    assert (reports[-1].operation, reports[-1].outcome) == (Operation.QUOTE, "breaker_open")


async def test_quotes_that_hang_take_no_places_of_enrolments():
    desk = Mute()
    limits = CallLimits()
    calls = PartnerCalls(lambda _: desk, limits)
    hanging = [asyncio.create_task(calls.quote(CODE, [RemoteId("K1")])) for _ in range(100)]
    await others_run()
    asked_at_once = desk.requests

    booking = asyncio.create_task(calls.enrol(CODE, BOOKING))
    await others_run()
    with_booking = desk.requests
    desk.may_answer.set()
    told = await asyncio.gather(*hanging)

    assert asked_at_once == limits.quotes_per_partner
    assert with_booking == asked_at_once + 1
    assert told == [[Quote(RemoteId("K1"))]] * 100  # who waited in line got a turn
    assert await booking is RECEIPT


async def test_an_adapter_without_quotes_is_not_asked_for_them():
    calls = calls_to(object(), Time())

    with pytest.raises(PartnerRefusedError):
        await calls.quote(CODE, [RemoteId("K1")])
