"""The guarded call: what callers see when adapters hang, fail or misbehave."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from adapters.base import Booking, Cursor, Page, Receipt, ReceiptStatus, Validators
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerAccessError,
    PartnerContractError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from gateway.partners.calls import PartnerCalls
from gateway.partners.operations import CallLimits, Operation
from gateway.partners.reports import CallReport
from schema.model.values import LearnerId, Money, PartnerCode, Reference, RemoteId
from tests.circles import leaving_none_behind
from tests.unit.partners.desks import others_run

pytestmark = pytest.mark.anyio

CODE = PartnerCode("tokopedia")
REFERENCE = Reference("mitra-1")
BOOKING = Booking(REFERENCE, RemoteId("K1"), None, LearnerId("siti"), Money(350_000))
RECEIPT = Receipt(REFERENCE, ReceiptStatus.CONFIRMED)
DOWN = PartnerUnavailableError(CODE, "connection refused")
AT_ONCE = CallLimits(deadlines=dict.fromkeys(Operation, 0.0))


class Adapter:
    """Does what the test scripts for each call, in turn."""

    def __init__(self, *script: Callable[[], Awaitable[object]] | Exception | object) -> None:
        self.script = list(script)
        self.calls = 0

    async def _play(self) -> object:
        self.calls += 1
        act = self.script.pop(0)
        if isinstance(act, Exception):
            raise act
        return await act() if callable(act) else act

    async def fetch_page(self, cursor: Cursor | None = None, known: Validators | None = None):
        return await self._play()

    async def enrol(self, booking: Booking):
        return await self._play()

    async def find(self, reference: Reference):
        return await self._play()

    async def cancel(self, reference: Reference):
        return await self._play()

    async def fetch_statement(self, day: date, cursor: Cursor | None = None):
        return await self._play()


async def hang() -> None:
    await asyncio.Event().wait()


async def no_sleep(_seconds: float) -> None:
    pass


def calls_to(adapter: object, limits: CallLimits | None = None, report=lambda _: None):
    return PartnerCalls(
        {CODE: adapter}.__getitem__, limits, sleep=no_sleep, dice=lambda: 0.0, report=report
    )


async def test_an_answer_is_passed_on():
    calls = calls_to(Adapter(RECEIPT))

    assert await calls.enrol(CODE, BOOKING) is RECEIPT


async def test_a_booking_that_never_left_is_repeated():
    adapter = Adapter(DOWN, PartnerThrottledError(CODE), RECEIPT)

    assert await calls_to(adapter).enrol(CODE, BOOKING) is RECEIPT
    assert adapter.calls == 3


async def test_a_booking_that_may_have_happened_is_never_repeated():
    adapter = Adapter(AmbiguousPartnerError(CODE, "line dropped"), RECEIPT)

    with pytest.raises(AmbiguousPartnerError):
        await calls_to(adapter).enrol(CODE, BOOKING)

    assert adapter.calls == 1


@pytest.mark.parametrize("operation", ["enrol", "cancel"])
async def test_a_write_without_an_answer_in_time_is_ambiguous(operation: str):
    calls = calls_to(Adapter(hang), AT_ONCE)

    with pytest.raises(AmbiguousPartnerError):
        await getattr(calls, operation)(CODE, BOOKING)


@pytest.mark.parametrize("operation", ["fetch_page", "find"])
async def test_a_read_without_an_answer_in_time_is_unavailable(operation: str):
    calls = calls_to(Adapter(hang), AT_ONCE)

    with pytest.raises(PartnerUnavailableError):
        await getattr(calls, operation)(CODE, None)


async def test_a_write_that_runs_out_of_time_between_attempts_had_no_effect():
    async def sleep_for_ever(_seconds: float) -> None:
        await hang()

    limits = CallLimits(deadlines=dict.fromkeys(Operation, 0.01))
    adapter = Adapter(DOWN)
    calls = PartnerCalls(
        lambda _: adapter, limits, clock=lambda: 0.0, sleep=sleep_for_ever, dice=lambda: 0.0
    )

    with pytest.raises(PartnerUnavailableError):
        await calls.enrol(CODE, BOOKING)


@pytest.mark.parametrize("fault", [KeyError("price"), TimeoutError(), RuntimeError("secret")])
async def test_a_fault_in_an_adapter_is_named_by_its_type_alone(fault: Exception):
    with pytest.raises(PartnerContractError) as caught:
        await calls_to(Adapter(fault)).find(CODE, REFERENCE)

    assert caught.value.reason == f"its adapter failed with {type(fault).__name__}"


async def test_an_unknown_partner_is_unavailable_so_that_its_errands_wait():
    calls = calls_to(Adapter())

    with pytest.raises(PartnerUnavailableError):
        await calls.find(PartnerCode("gone"), REFERENCE)


async def test_a_partner_that_takes_no_enrolments_refuses_them():
    class OnlyCatalogue:
        async def fetch_page(self, cursor=None, known=None):
            return Page()

    calls = calls_to(OnlyCatalogue())

    assert await calls.fetch_page(CODE) == Page()
    with pytest.raises(PartnerRefusedError):
        await calls.enrol(CODE, BOOKING)


async def test_a_partner_gets_no_more_calls_at_once_than_its_bulkhead_holds():
    started, release = [], asyncio.Event()

    async def wait() -> Receipt:
        started.append(1)
        await release.wait()
        return RECEIPT

    calls = calls_to(Adapter(*[wait] * 5), CallLimits(per_partner=2))
    tasks = [asyncio.create_task(calls.find(CODE, REFERENCE)) for _ in range(5)]
    for _ in range(10):
        await others_run()
    at_once = len(started)
    release.set()
    await asyncio.gather(*tasks)

    assert at_once == 2
    assert len(started) == 5


async def test_a_cancelled_caller_cancels_the_call():
    cancelled = []

    async def wait() -> None:
        try:
            await hang()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    task = asyncio.create_task(calls_to(Adapter(wait)).find(CODE, REFERENCE))
    await others_run()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled


@pytest.mark.parametrize(
    ("script", "outcome", "attempts"),
    [
        pytest.param([DOWN, None], "ok", 2, id="answered"),
        pytest.param([DOWN] * 3, "unavailable", 3, id="down"),
        pytest.param([PartnerThrottledError(CODE)] * 3, "throttled", 3, id="throttled"),
        pytest.param([PartnerRefusedError(CODE, "no")], "refused", 1, id="refused"),
        pytest.param([PartnerAccessError(CODE, "HTTP 401")], "no_access", 1, id="no-access"),
        pytest.param([AmbiguousPartnerError(CODE, "?")], "ambiguous", 1, id="ambiguous"),
        pytest.param([ValueError()], "contract", 1, id="faulty"),
    ],
)
async def test_every_call_is_reported_once(script: list[object], outcome: str, attempts: int):
    reports: list[CallReport] = []
    calls = calls_to(Adapter(*script), report=reports.append)

    await asyncio.gather(calls.find(CODE, REFERENCE), return_exceptions=True)

    assert [(r.operation, r.outcome, r.attempts) for r in reports] == [
        (Operation.FIND, outcome, attempts)
    ]


async def test_a_call_leaves_nothing_in_circles():
    calls = calls_to(Adapter(*[RECEIPT] * 100))
    await calls.find(CODE, REFERENCE)

    with leaving_none_behind() as turns:
        for _ in turns:
            await calls.find(CODE, REFERENCE)
