"""Partners' desks that fail or hang as a test wants it, and guarded calls to them."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from adapters.base import Booking, Quote, Receipt, ReceiptStatus
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.operations import CallLimits
from schema.model.values import LearnerId, Money, PartnerCode, Reference, RemoteId

CODE, OTHER = PartnerCode("tokopedia"), PartnerCode("bukalapak")
REFERENCE = Reference("mitra-1")
BOOKING = Booking(REFERENCE, RemoteId("K1"), None, LearnerId("siti"), Money(350_000))
RECEIPT = Receipt(REFERENCE, ReceiptStatus.CONFIRMED)
DOWN = PartnerUnavailableError(CODE, "HTTP 503")
DOUBT = AmbiguousPartnerError(CODE, "line dropped")
THROTTLED = PartnerThrottledError(CODE, retry_after=1.0)


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


async def others_run(turns: int = 10) -> None:
    """Let the other tasks run for so many turns of the loop; no time passes."""
    for _ in range(turns):
        await asyncio.sleep(0)
