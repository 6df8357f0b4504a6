"""The one place where partners are called: every call has a deadline, a place, and a guard.

Order: deadline, bulkhead, retry; then, for each single request, breaker, pace, adapter.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

import structlog

from adapters.base import (
    Booking,
    Capability,
    CatalogueSource,
    Cursor,
    EnrolmentDesk,
    NotModified,
    Page,
    Quote,
    QuoteDesk,
    Receipt,
    Statement,
    StatementSource,
    Validators,
    has_capability,
)
from adapters.errors import (
    AmbiguousPartnerError,
    CursorExpiredError,
    PartnerContractError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
    RetryablePartnerError,
)
from gateway.partners.breaker import BreakerPolicy, BreakerState
from gateway.partners.errors import BreakerOpenError, CrowdedError, HeldBackError, PaceError
from gateway.partners.guard import Guard
from gateway.partners.pace import NoPace, Pace
from gateway.partners.retry import Clock, Dice, RetryPolicy, Sleep, build_retrying
from schema.model.values import PartnerCode, Reference, RemoteId

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Operation(StrEnum):
    """What is asked of a partner."""

    FETCH_PAGE = "fetch_page"
    ENROL = "enrol"
    FIND = "find"
    CANCEL = "cancel"
    FETCH_STATEMENT = "fetch_statement"
    QUOTE = "quote"


LATEST_START = 0.9  # of a call's time
CLOCK_NOISE = 0.05  # seconds that may pass without anybody having waited
WRITES = frozenset({Operation.ENROL, Operation.CANCEL})
DEADLINES: Mapping[Operation, float] = {
    Operation.FETCH_PAGE: 30.0,
    Operation.ENROL: 10.0,
    Operation.FIND: 5.0,
    Operation.CANCEL: 10.0,
    Operation.FETCH_STATEMENT: 30.0,
    Operation.QUOTE: 0.8,
}
NEEDED: Mapping[Operation, Capability] = {
    Operation.FETCH_PAGE: Capability.CATALOGUE,
    Operation.ENROL: Capability.ENROLMENT,
    Operation.FIND: Capability.ENROLMENT,
    Operation.CANCEL: Capability.ENROLMENT,
    Operation.FETCH_STATEMENT: Capability.STATEMENT,
    Operation.QUOTE: Capability.QUOTE,
}


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How long each operation may take in all (seconds), and how much one partner gets.

    `per_partner` is the most that are under way at a time, and `quotes_per_partner` that of quotes,
    which have places of their own.
    """

    deadlines: Mapping[Operation, float] = field(default_factory=lambda: DEADLINES)
    per_partner: int = 16
    quotes_per_partner: int = 4
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)


@dataclass(frozen=True, slots=True)
class CallReport:
    """What came of one guarded call, retries included; `outcome` is "ok" or says how it failed.

    `attempts` is how many requests were made, `breaker` the state in which the call left it.
    """

    partner: PartnerCode
    operation: Operation
    outcome: str
    seconds: float
    attempts: int
    breaker: BreakerState = BreakerState.CLOSED


@dataclass(slots=True)
class _Call:
    """A call under way; `is_open` while a request may have reached the partner unanswered."""

    partner: PartnerCode
    operation: Operation
    guard: Guard
    limit: float
    ends_at: float
    attempts: int = 0
    is_open: bool = False
    is_cut: Callable[[], bool] = lambda: False
    failure: PartnerError | None = None  # of the last request

    def patience(self, now: float) -> float:
        """Return how long a request may wait so that half of the call's time is left for it."""
        return max(self.ends_at - now - self.limit / 2, 0.0)

    def is_late(self, now: float) -> bool:
        """Return whether so much time is gone that a first request could only end in doubt."""
        waited = now - self.ends_at + self.limit
        return self.attempts == 0 and waited > max(LATEST_START * self.limit, CLOCK_NOISE)


class PartnerCalls:
    """Calls partners, and raises only `PartnerError`, whatever their adapters do."""

    def __init__(  # noqa: PLR0913 - all but two are for tests
        self,
        adapter_for: Callable[[PartnerCode], object],
        limits: CallLimits | None = None,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        dice: Dice = random.random,
        report: Callable[[CallReport], None] = lambda _: None,
        pace: Pace | None = None,
    ) -> None:
        """Guard the adapters that `adapter_for` gives; it raises `KeyError` for unknown codes.

        Without a `pace` partners are called as fast as they answer.
        """
        self._adapter_for = adapter_for
        self._limits = limits or CallLimits()
        self._clock = clock
        self._sleep = sleep
        self._dice = dice
        self._report = report
        self._pace = pace or NoPace()
        self._guards: dict[PartnerCode, Guard] = {}
        self._quote_guards: dict[PartnerCode, Guard] = {}

    def state(self, code: PartnerCode) -> BreakerState:
        """Return the state of a partner's circuit breaker, as this process sees it."""
        return self._guard(code).state

    def failing(self) -> Collection[PartnerCode]:
        """Return the partners whose breaker is not closed."""
        states = {code: guard.state for code, guard in self._guards.items()}
        return {code for code, state in states.items() if state is not BreakerState.CLOSED}

    def resting(self) -> Collection[PartnerCode]:
        """Return the partners that no call would reach now: their next probe is not yet due."""
        return {code for code, guard in self._guards.items() if guard.wait > 0}

    async def fetch_page(
        self, code: PartnerCode, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page | NotModified:
        """See `CatalogueSource.fetch_page`."""

        def ask(source: CatalogueSource) -> Awaitable[Page | NotModified]:
            return source.fetch_page(cursor, known)

        return await self._call(code, Operation.FETCH_PAGE, ask)

    async def enrol(self, code: PartnerCode, booking: Booking) -> Receipt:
        """See `EnrolmentDesk.enrol`; no answer in time is an `AmbiguousPartnerError`."""

        def ask(desk: EnrolmentDesk) -> Awaitable[Receipt]:
            return desk.enrol(booking)

        return await self._call(code, Operation.ENROL, ask)

    async def find(self, code: PartnerCode, reference: Reference) -> Receipt | None:
        """See `EnrolmentDesk.find`."""

        def ask(desk: EnrolmentDesk) -> Awaitable[Receipt | None]:
            return desk.find(reference)

        return await self._call(code, Operation.FIND, ask)

    async def cancel(self, code: PartnerCode, reference: Reference) -> Receipt:
        """See `EnrolmentDesk.cancel`; no answer in time is an `AmbiguousPartnerError`."""

        def ask(desk: EnrolmentDesk) -> Awaitable[Receipt]:
            return desk.cancel(reference)

        return await self._call(code, Operation.CANCEL, ask)

    async def fetch_statement(
        self, code: PartnerCode, day: date, cursor: Cursor | None = None
    ) -> Statement:
        """See `StatementSource.fetch_statement`."""

        def ask(source: StatementSource) -> Awaitable[Statement]:
            return source.fetch_statement(day, cursor)

        return await self._call(code, Operation.FETCH_STATEMENT, ask)

    async def quote(self, code: PartnerCode, keys: Sequence[RemoteId]) -> Sequence[Quote]:
        """See `QuoteDesk.quote`."""

        def ask(desk: QuoteDesk) -> Awaitable[Sequence[Quote]]:
            return desk.quote(keys)

        return await self._call(code, Operation.QUOTE, ask)

    def _guard(self, code: PartnerCode, operation: Operation | None = None) -> Guard:
        """Return what stands between us and a partner.

        Quotes have a guard of their own, so that slow ones neither cut enrolments off nor take
        their places.
        """
        limits, guards, most = self._limits, self._guards, self._limits.per_partner
        if operation is Operation.QUOTE:
            guards, most = self._quote_guards, limits.quotes_per_partner
        if code not in guards:
            guards[code] = Guard(code, most, self._clock, limits.breaker)
        return guards[code]

    async def _call(
        self, code: PartnerCode, operation: Operation, ask: Callable[[Any], Awaitable[T]]
    ) -> T:
        started, limit = self._clock(), self._limits.deadlines[operation]
        call = _Call(code, operation, self._guard(code, operation), limit, ends_at=started + limit)
        outcome = "cancelled"
        try:
            call.guard.check()
            if operation is Operation.QUOTE:
                self._guard(code).check()  # what fails at other work is not asked for quotes
            answer = await self._within_deadline(call, ask)
        except PartnerError as exc:
            outcome = outcome_of(exc)
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            seconds = self._clock() - started
            state = call.guard.state
            self._report(CallReport(code, operation, outcome, seconds, call.attempts, state))

    async def _within_deadline(self, call: _Call, ask: Callable[[Any], Awaitable[T]]) -> T:
        retrying = build_retrying(
            self._limits.retry,
            ends_at=call.ends_at,
            clock=self._clock,
            sleep=self._sleep,
            dice=self._dice,
            may_retry=call.guard.may_retry,
        )
        try:
            async with asyncio.timeout(call.limit) as deadline, call.guard.places:
                call.is_cut = deadline.expired
                return await retrying(self._attempt, call, ask)
        except TimeoutError as exc:
            if call.attempts == 0:
                raise CrowdedError(call.partner) from exc
            reason = f"no answer to {call.operation} within {call.limit:g} s"
            if call.is_open and call.operation in WRITES:
                raise AmbiguousPartnerError(call.partner, reason) from exc
            raise PartnerUnavailableError(call.partner, reason) from exc

    async def _attempt(self, call: _Call, ask: Callable[[Any], Awaitable[T]]) -> T:
        adapter = self._capable_adapter(call)
        try:
            with call.guard.request(call.limit, call.is_cut) as request:
                await self._wait_for_turn(call)
                if call.is_late(self._clock()):
                    raise CrowdedError(call.partner)
                call.guard.begin(request, is_retry=call.attempts > 0)
                call.attempts += 1
                return await self._ask(call, ask, adapter)
        except HeldBackError:
            if call.failure is None:
                raise
            raise call.failure from None  # what did go out failed, and that is to be known
        except PartnerError as exc:
            call.failure = exc
            raise

    async def _wait_for_turn(self, call: _Call) -> None:
        """Wait until the partner's pace allows a request.  Raises `PaceError` if that is late."""
        turn = await self._pace.take(call.partner, call.patience(self._clock()))
        if not turn.is_taken:
            raise PaceError(call.partner, retry_after=turn.wait)
        if turn.wait > 0:
            await self._sleep(turn.wait)

    async def _ask(self, call: _Call, ask: Callable[[Any], Awaitable[T]], adapter: object) -> T:
        call.is_open = True
        try:
            answer = await ask(adapter)
        except RetryablePartnerError:
            call.is_open = False  # an adapter says so only of what had no effect
            raise
        except PartnerError:
            raise
        except Exception as exc:
            fault = type(exc).__name__  # its text may hold anything
            log.error(  # noqa: TRY400 - for the same reason no traceback
                "partner.adapter_failed",
                partner=call.partner,
                operation=call.operation.value,
                error=fault,
            )
            raise PartnerContractError(call.partner, f"its adapter failed with {fault}") from exc
        call.is_open = False
        return answer

    def _capable_adapter(self, call: _Call) -> object:
        try:
            adapter = self._adapter_for(call.partner)
        except KeyError as exc:
            raise PartnerUnavailableError(call.partner, "is in no partners file") from exc
        needed = NEEDED[call.operation]
        if not has_capability(adapter, needed):
            raise PartnerRefusedError(call.partner, f"its adapter has no {needed}")
        return adapter


def outcome_of(error: PartnerError) -> str:
    """Return one word for the kind of failure: what metrics and logs group by."""
    kinds: tuple[tuple[type[PartnerError], str], ...] = (
        (BreakerOpenError, "breaker_open"),
        (PaceError, "paced"),
        (CrowdedError, "crowded"),
        (PartnerThrottledError, "throttled"),
        (RetryablePartnerError, "unavailable"),
        (PartnerRefusedError, "refused"),
        (CursorExpiredError, "cursor_expired"),
        (AmbiguousPartnerError, "ambiguous"),
    )
    return next((word for kind, word in kinds if isinstance(error, kind)), "contract")
