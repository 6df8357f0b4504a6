"""Reconciling a partner's day: our enrolments, its statement, and the money, one by one.

The statement is put down page by page and then compared in parts, so that memory stays flat
whatever the day's length.  The next day's statement is read, too (enrolled before midnight,
booked after it); what both lack is asked for by its reference: MISSING_AT_PARTNER is what the
partner itself denies.  What was booked still later, though we had let it go, is told by the
report of the day that lists it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import uuid4

import structlog

from adapters.base import Cursor, Receipt, ReceiptStatus, Statement, StatementLine
from adapters.errors import PartnerContractError, PartnerError
from gateway.enrolment import reconciled, reconciliations, statements
from gateway.enrolment.calendar import day_of
from gateway.enrolment.compare import Ours, drifts, let_go, standing, unknown
from gateway.enrolment.reconciled import Place
from gateway.enrolment.reconciliations import Figures
from gateway.enrolment.statements import Run
from gateway.storage.engine import Database
from gateway.storage.reconcile_tables import reconciliation
from gateway.telemetry import RECONCILIATIONS
from schema.model.reconciliation import Drift, DriftKind, Reconciliation
from schema.model.values import PartnerCode, Reference

PART = 500  # enrolments that are compared at once
ASKING = 8  # look-ups at once
MOST_PAGES = 20_000  # of one statement; a longer one is a partner that never ends

log = structlog.get_logger(__name__)


class StatementCalls(Protocol):
    """The guarded calls that reconciling makes; each raises `PartnerError`."""

    async def fetch_statement(
        self, code: PartnerCode, day: date, cursor: Cursor | None = None
    ) -> Statement:
        """Return part of what a partner booked on a day."""

    async def find(self, code: PartnerCode, reference: Reference) -> Receipt | None:
        """Return what became of our reference; None if the partner never saw it."""


@dataclass(slots=True)
class _Work:
    """What a run has come to so far."""

    run: Run
    started_at: datetime
    figures: Figures = field(default_factory=Figures)
    lines: int = 0
    drifts: int = 0


class Reconciler:
    """Compares partners' days; each run's report replaces the one before it."""

    def __init__(
        self,
        ledger: Database,
        partners: StatementCalls,
        *,
        now: Callable[[], datetime],
        part: int = PART,
    ) -> None:
        self._ledger = ledger
        self._partners = partners
        self._now = now
        self._part = part
        self._asking = asyncio.Semaphore(ASKING)

    async def reconcile(self, partner: PartnerCode, day: date) -> Reconciliation:
        """Compare one partner's day and return the report, which is FAILED if it cannot be had."""
        run = Run(partner, day, str(uuid4()))
        work = _Work(run, self._now())
        await self._ledger.write(lambda c: statements.sweep(c, run))
        try:
            await self._put_statement(work, day)
            next_day = day + timedelta(days=1)
            if next_day <= day_of(self._now()):
                await self._put_statement(work, next_day)
            await self._compare_ours(work)
            await self._compare_late(work)
            await self._compare_unknown(work)
            await self._tell_disagreements(work)
        except PartnerError as exc:
            reason, times = exc.reason, self._times(work)
            await self._ledger.write(lambda c: reconciliations.give_up(c, run, reason, times))
        else:
            figures, times = work.figures, self._times(work)
            await self._ledger.write(lambda c: reconciliations.conclude(c, run, figures, times))
        return await self._report(run)

    async def _put_statement(self, work: _Work, day: date) -> None:
        """Put down the statement of a day."""
        cursor: Cursor | None = None
        for _ in range(MOST_PAGES):
            page = await self._partners.fetch_statement(work.run.partner, day, cursor)
            await self._put_page(work, day, page)
            if page.next_cursor is None:
                return
            if page.next_cursor == cursor:
                break
            cursor = page.next_cursor
        raise PartnerContractError(work.run.partner, "its statement does not end")

    async def _put_page(self, work: _Work, day: date, page: Statement) -> None:
        run, first = work.run, work.lines
        work.lines += len(page.lines)
        await self._ledger.write_soon(
            lambda c: statements.put_lines(c, run, day, first, page.lines)
        )
        if day == run.day:
            bad = [
                Drift(DriftKind.UNREADABLE_LINE, each.key or "?", 0, detail=each.reason)
                for each in page.rejections
            ]
            await self._put_drifts(work, bad)

    async def _compare_ours(self, work: _Work) -> None:
        place: Place | None = None
        while True:
            read = partial(reconciled.read_ours, run=work.run, after=place, limit=self._part)
            part, place = await self._ledger.read(read)
            if not part:
                return
            told = await self._told(work, part)
            found: list[Drift] = []
            for ours in part:
                found += self._compared(work, ours, told.get(ours.reference, []))
            await self._put_drifts(work, found)

    def _compared(self, work: _Work, ours: Ours, told: Sequence[StatementLine]) -> Sequence[Drift]:
        """Count an enrolment, and return its drifts; one that is changing now is left open."""
        figures = work.figures
        figures.enrolments += 1
        if ours.changed_at >= work.started_at:  # the statement may be older than the change
            figures.open += 1
            return []
        figures.open += not ours.is_settled
        theirs = standing(told)
        if ours.is_confirmed:
            figures.ours = figures.ours.plus(ours.price.amount)
        if theirs and theirs.status is ReceiptStatus.CONFIRMED:
            figures.theirs = figures.theirs.plus((theirs.price or ours.price).amount)
        if ours.captured:
            figures.captured = figures.captured.plus(ours.captured)
        return list(drifts(ours, told))

    async def _told(
        self, work: _Work, part: Sequence[Ours]
    ) -> dict[Reference, list[StatementLine]]:
        """Return what the partner tells of each enrolment, however it has to be asked."""
        told = await self._read_lines(work.run, part)
        missing = _missing(part, told)
        answers = await asyncio.gather(*(self._find(work.run.partner, each) for each in missing))
        return told | {line.reference: [line] for line in answers if line}

    async def _read_lines(
        self, run: Run, part: Sequence[Ours]
    ) -> dict[Reference, list[StatementLine]]:
        references = [ours.reference for ours in part]
        return await self._ledger.read(lambda c: statements.read_lines(c, run, references))

    async def _find(self, partner: PartnerCode, ours: Ours) -> StatementLine | None:
        async with self._asking:
            receipt = await self._partners.find(partner, ours.reference)
        if receipt is None:
            return None
        return StatementLine(ours.reference, receipt.status, None, receipt.partner_reference)

    async def _compare_late(self, work: _Work) -> None:
        """Judge enrolments of earlier days whose places this day's statement says are taken."""
        after = -1
        while True:
            read = partial(reconciled.read_late, run=work.run, after=after, limit=self._part)
            part, after = await self._ledger.read(read)
            if not part:
                return
            still = [ours for ours in part if ours.changed_at < work.started_at]
            told = await self._read_lines(work.run, still)
            await self._put_drifts(
                work, [drift for ours in still for drift in let_go(ours, told[ours.reference])]
            )

    async def _compare_unknown(self, work: _Work) -> None:
        after = -1
        while True:
            read = partial(statements.read_unknown, run=work.run, after=after, limit=self._part)
            part = await self._ledger.read(read)
            if not part:
                return
            after = part[-1][0]
            await self._put_drifts(work, [drift for _, line in part for drift in unknown([line])])

    async def _tell_disagreements(self, work: _Work) -> None:
        """Tell what partners have said that day against what was settled."""
        after: tuple[str, str] | None = None
        while True:
            read = partial(
                reconciled.read_disagreements, run=work.run, after=after, limit=self._part
            )
            part, after = await self._ledger.read(read)
            if not part:
                return
            await self._put_drifts(work, part)

    async def _put_drifts(self, work: _Work, found: Sequence[Drift]) -> None:
        if found:
            run, first = work.run, work.drifts
            work.drifts += len(found)
            await self._ledger.write_soon(
                lambda c: reconciliations.put_drifts(c, run, first, found)
            )

    def _times(self, work: _Work) -> dict[str, datetime]:
        return {"started_at": work.started_at, "finished_at": self._now()}

    async def _report(self, run: Run) -> Reconciliation:
        mine = (reconciliation.c.partner == run.partner, reconciliation.c.day == run.day)
        [report] = await self._ledger.read(lambda c: reconciliations.read_reports(c, *mine))
        RECONCILIATIONS.labels(run.partner, report.state.lower()).inc()
        log.info(
            "reconcile.finished",
            partner=run.partner,
            day=run.day.isoformat(),
            state=report.state.value,
            enrolments=report.enrolments,
            drifts=report.drift.count,
        )
        return report


def _missing(part: Sequence[Ours], told: dict[Reference, list[StatementLine]]) -> Sequence[Ours]:
    """Return the enrolments that the partner should know and has not told of."""
    return [
        ours
        for ours in part
        if ours.reference not in told
        and any(drift.kind is DriftKind.MISSING_AT_PARTNER for drift in drifts(ours, ()))
    ]
