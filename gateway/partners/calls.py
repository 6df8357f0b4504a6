"""The one place where partners are called: every call has a deadline, a place, and a guard."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import date
from typing import TypeVar

from adapters.base import (
    Booking,
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
)
from adapters.errors import PartnerError
from gateway.partners.breaker import BreakerState
from gateway.partners.calling import Ask, GuardedCall, Means
from gateway.partners.guard import Guard
from gateway.partners.operations import CallLimits, Operation
from gateway.partners.pace import NoPace, Pace
from gateway.partners.reports import CallReport, outcome_of
from gateway.partners.retry import Clock, Dice, Sleep
from schema.model.values import PartnerCode, Reference, RemoteId

T = TypeVar("T")


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
        self._limits = limits or CallLimits()
        retry = self._limits.retry
        self._means = Means(adapter_for, pace or NoPace(), retry, clock, sleep, dice)
        self._report = report
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
        """Return the partners that no call would reach now: they fail, or have asked for a rest."""
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

    def _guard(self, code: PartnerCode, operation: Operation = Operation.FIND) -> Guard:
        """Return what stands between us and a partner.

        Quotes have a guard of their own, so that slow ones neither cut enrolments off nor take
        their places.
        """
        guards = self._quote_guards if operation is Operation.QUOTE else self._guards
        if code not in guards:
            most, breaker = self._limits.places(operation), self._limits.breaker
            guards[code] = Guard(code, most, self._means.clock, breaker)
        return guards[code]

    async def _call(self, code: PartnerCode, operation: Operation, ask: Ask[T]) -> T:
        clock, guard = self._means.clock, self._guard(code, operation)
        started, limit = clock(), self._limits.deadlines[operation]
        call = GuardedCall(code, operation, guard, limit, self._means)
        outcome = "cancelled"
        try:
            guard.check()
            if operation is Operation.QUOTE:
                self._guard(code).check()  # what fails at other work is not asked for quotes
            answer = await call.run(ask)
        except PartnerError as exc:
            outcome = outcome_of(exc)
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            seconds = clock() - started
            self._report(CallReport(code, operation, outcome, seconds, call.attempts, guard.state))
