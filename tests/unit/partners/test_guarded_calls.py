"""The guard in the guarded call: what a failing partner receives, and what callers are told."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Booking, Page, Quote, Receipt, ReceiptStatus
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerAccessError,
    PartnerContractError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
    UnreadableListError,
)
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.errors import (
    BreakerOpenError,
    CrowdedError,
    HeldBackError,
    PaceError,
    RestingError,
)
from gateway.partners.operations import DEADLINES, CallLimits, Operation
from gateway.partners.pace import LocalPace, Rate
from gateway.partners.reports import CallReport
from schema.model.values import LearnerId, Money, PartnerCode, Reference, RemoteId

pytestmark = pytest.mark.anyio

CODE, OTHER = PartnerCode("tokopedia"), PartnerCode("bukalapak")
REFERENCE = Reference("mitra-1")
BOOKING = Booking(REFERENCE, RemoteId("K1"), None, LearnerId("siti"), Money(350_000))
RECEIPT = Receipt(REFERENCE, ReceiptStatus.CONFIRMED)
DOWN = PartnerUnavailableError(CODE, "HTTP 503")
GARBAGE = PartnerContractError(CODE, "its answer is not JSON")
DOUBT = AmbiguousPartnerError(CODE, "line dropped")
REFUSED = PartnerRefusedError(CODE, "no such booking")
LOCKED_OUT = PartnerAccessError(CODE, "answered HTTP 401")
THROTTLED = PartnerThrottledError(CODE, retry_after=1.0)
UNREADABLE = UnreadableListError(CODE, "no row can be read", Page())
SHORT = CallLimits(deadlines=dict.fromkeys(Operation, 0.02))


class Time:
    """A clock that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Desk:
    """Answers each request as `answer` says: with an error, or a receipt."""

    def __init__(self, answer: Callable[[], PartnerError | None]) -> None:
        self.answer = answer
        self.requests = 0

    async def _answer(self) -> Receipt:
        self.requests += 1
        if error := self.answer():
            raise error
        return RECEIPT

    async def enrol(self, booking: Booking):
        return await self._answer()

    async def find(self, reference: Reference):
        return await self._answer()

    async def cancel(self, reference: Reference):
        return await self._answer()

    async def quote(self, keys: Sequence[RemoteId]):
        await self._answer()
        return [Quote(key) for key in keys]


class Mute(Desk):
    """Never answers, until it `may_answer`."""

    def __init__(self) -> None:
        super().__init__(lambda: None)
        self.may_answer = asyncio.Event()

    async def _answer(self) -> Receipt:
        self.requests += 1
        await self.may_answer.wait()
        return RECEIPT


def calls_to(desk: object, time: Time, limits: CallLimits | None = None, **parts) -> PartnerCalls:
    return PartnerCalls(
        lambda _: desk, limits, clock=time.clock, sleep=time.sleep, dice=lambda: 0.0, **parts
    )


async def fail(calls: PartnerCalls, code: PartnerCode = CODE) -> PartnerError:
    with pytest.raises(PartnerError) as caught:
        await calls.enrol(code, BOOKING)
    return caught.value


async def broken(calls: PartnerCalls) -> None:
    """Let calls fail until the breaker is open."""
    for _ in range(10):
        if calls.state(CODE) is BreakerState.CLOSED:
            await fail(calls)
    assert calls.state(CODE) is BreakerState.OPEN


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


async def test_what_never_got_its_place_in_time_blames_nobody():
    desk = Mute()
    calls = PartnerCalls(
        lambda _: desk,
        CallLimits(deadlines={**DEADLINES, Operation.FIND: 0.01}, per_partner=1),
    )
    holding = asyncio.create_task(calls.enrol(CODE, BOOKING))
    await asyncio.sleep(0)

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
    await asyncio.sleep(0)
    await asyncio.sleep(0)

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
    await asyncio.sleep(0)
    booking = asyncio.create_task(calls.enrol(CODE, BOOKING))
    await asyncio.sleep(0)

    time.now += 0.95 * limits.deadlines[Operation.ENROL]
    desk.may_answer.set()
    with pytest.raises(CrowdedError):
        await booking

    assert await holding == RECEIPT
    assert desk.requests == 1


async def test_a_caller_that_gives_up_blames_nobody_and_frees_the_probe():
    time, desk = Time(), Desk(lambda: DOUBT)
    calls = calls_to(desk, time)
    await broken(calls)
    time.now += 5
    mute = Mute()
    desk._answer = mute._answer
    task = asyncio.create_task(calls.find(CODE, REFERENCE))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
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


async def test_a_partner_that_hangs_takes_no_place_of_another():
    mute, desk = Mute(), Desk(lambda: None)
    calls = PartnerCalls({CODE: mute, OTHER: desk}.__getitem__)
    hanging = [asyncio.create_task(calls.enrol(CODE, BOOKING)) for _ in range(100)]
    await asyncio.sleep(0)

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
        await asyncio.sleep(0)
    assert mute.requests == 1
    mute.may_answer.set()
    await asyncio.gather(*waiting)


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


async def test_a_throttle_of_quotes_gives_enrolments_no_rest():
    told = PartnerThrottledError(CODE, retry_after=60.0)
    desk = Desk(lambda: told)
    calls = calls_to(desk, Time())
    with pytest.raises(PartnerThrottledError):
        await calls.quote(CODE, [RemoteId("K1")])
    desk.answer = lambda: None

    assert await calls.enrol(CODE, BOOKING) == RECEIPT


# --- pace --------------------------------------------------------------------------------


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


# --- quotes ------------------------------------------------------------------------------


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
    limits = CallLimits(deadlines={**DEADLINES, Operation.QUOTE: 0.5})
    calls = PartnerCalls(lambda _: desk, limits)
    hanging = [asyncio.create_task(calls.quote(CODE, [RemoteId("K1")])) for _ in range(100)]
    await asyncio.sleep(0.01)
    asked_at_once = desk.requests

    booking = asyncio.create_task(calls.enrol(CODE, BOOKING))
    await asyncio.sleep(0.01)
    with_booking = desk.requests
    told = await asyncio.gather(*hanging, return_exceptions=True)
    desk.may_answer.set()

    assert asked_at_once == limits.quotes_per_partner
    assert with_booking == asked_at_once + 1
    assert all(isinstance(each, PartnerError) for each in told)
    assert await booking is RECEIPT


async def test_an_adapter_without_quotes_is_not_asked_for_them():
    calls = calls_to(object(), Time())

    with pytest.raises(PartnerRefusedError):
        await calls.quote(CODE, [RemoteId("K1")])
