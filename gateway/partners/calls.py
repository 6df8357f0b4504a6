"""The one place where partners are called: every call has a deadline, a place, and a guard.

Order: deadline, bulkhead, retry, adapter.  What must see
each single request (breaker, pace, retry budget) belongs into `PartnerCalls._attempt`.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
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
from gateway.partners.retry import Clock, Dice, RetryPolicy, Sleep, build_retrying
from schema.model.values import PartnerCode, Reference

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Operation(StrEnum):
    """What is asked of a partner."""

    FETCH_PAGE = "fetch_page"
    ENROL = "enrol"
    FIND = "find"
    CANCEL = "cancel"
    FETCH_STATEMENT = "fetch_statement"


WRITES = frozenset({Operation.ENROL, Operation.CANCEL})
DEADLINES: Mapping[Operation, float] = {
    Operation.FETCH_PAGE: 30.0,
    Operation.ENROL: 10.0,
    Operation.FIND: 5.0,
    Operation.CANCEL: 10.0,
    Operation.FETCH_STATEMENT: 30.0,
}
NEEDED: Mapping[Operation, Capability] = {
    Operation.FETCH_PAGE: Capability.CATALOGUE,
    Operation.ENROL: Capability.ENROLMENT,
    Operation.FIND: Capability.ENROLMENT,
    Operation.CANCEL: Capability.ENROLMENT,
    Operation.FETCH_STATEMENT: Capability.STATEMENT,
}


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How long each operation may take in all (seconds), and how many calls one partner gets."""

    deadlines: Mapping[Operation, float] = field(default_factory=lambda: DEADLINES)
    per_partner: int = 16
    retry: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class CallReport:
    """What came of one guarded call, retries included; `outcome` is "ok" or says how it failed."""

    partner: PartnerCode
    operation: Operation
    outcome: str
    seconds: float
    attempts: int


@dataclass(slots=True)
class _Call:
    """A call under way; `is_open` while a request may have reached the partner unanswered."""

    partner: PartnerCode
    operation: Operation
    attempts: int = 0
    is_open: bool = False


class PartnerCalls:
    """Calls partners, and raises only `PartnerError`, whatever their adapters do."""

    def __init__(
        self,
        adapter_for: Callable[[PartnerCode], object],
        limits: CallLimits | None = None,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        dice: Dice = random.random,
        report: Callable[[CallReport], None] = lambda _: None,
    ) -> None:
        """Guard the adapters that `adapter_for` gives; it raises `KeyError` for unknown codes."""
        self._adapter_for = adapter_for
        self._limits = limits or CallLimits()
        self._clock = clock
        self._sleep = sleep
        self._dice = dice
        self._report = report
        self._bulkheads: defaultdict[PartnerCode, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(self._limits.per_partner)
        )

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

    async def _call(
        self, code: PartnerCode, operation: Operation, ask: Callable[[Any], Awaitable[T]]
    ) -> T:
        call, started, outcome = _Call(code, operation), self._clock(), "cancelled"
        try:
            answer = await self._within_deadline(call, ask)
        except PartnerError as exc:
            outcome = outcome_of(exc)
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            seconds = self._clock() - started
            self._report(CallReport(code, operation, outcome, seconds, call.attempts))

    async def _within_deadline(self, call: _Call, ask: Callable[[Any], Awaitable[T]]) -> T:
        limit = self._limits.deadlines[call.operation]
        retrying = build_retrying(
            self._limits.retry,
            ends_at=self._clock() + limit,
            clock=self._clock,
            sleep=self._sleep,
            dice=self._dice,
        )
        try:
            async with asyncio.timeout(limit), self._bulkheads[call.partner]:
                return await retrying(self._attempt, call, ask)
        except TimeoutError as exc:
            reason = f"no answer to {call.operation} within {limit:g} s"
            if call.is_open and call.operation in WRITES:
                raise AmbiguousPartnerError(call.partner, reason) from exc
            raise PartnerUnavailableError(call.partner, reason) from exc

    async def _attempt(self, call: _Call, ask: Callable[[Any], Awaitable[T]]) -> T:
        call.attempts += 1
        adapter = self._capable_adapter(call)
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
    kinds = (
        (PartnerThrottledError, "throttled"),
        (RetryablePartnerError, "unavailable"),
        (PartnerRefusedError, "refused"),
        (CursorExpiredError, "cursor_expired"),
        (AmbiguousPartnerError, "ambiguous"),
    )
    return next((word for kind, word in kinds if isinstance(error, kind)), "contract")
