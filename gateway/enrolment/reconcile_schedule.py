"""When days are reconciled: once after midnight in Jakarta, and again while they disagree.

Every process may run a schedule: a lease in the ledger's database sees to it that one at a
time works, and the reports say what is left to do.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import Connection

from gateway.enrolment import reconciliations
from gateway.enrolment.calendar import day_of, start_of
from gateway.enrolment.reconcile import Reconciler
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from gateway.storage.reconcile_tables import reconciliation
from schema.model.reconciliation import Reconciliation, ReconciliationState
from schema.model.values import PartnerCode

AFTER_MIDNIGHT = timedelta(minutes=30)  # what was enrolled at midnight is settled by then
KEEPS_LOOKING = 7  # days back, at what disagreed, was open, or was not read
RETRY_AFTER = timedelta(hours=1)  # a comparison that failed
POLL_SECONDS = 60.0
LEASE = "reconcile"

log = structlog.get_logger(__name__)


class ReconcileSchedule:
    """Reconciles the days of `partners` as they become due."""

    def __init__(
        self,
        ledger: Database,
        reconciler: Reconciler,
        partners: Sequence[PartnerCode],
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._ledger = ledger
        self._reconciler = reconciler
        self._partners = partners
        self._leases = Leases(ledger, now)
        self._now = now
        self._sleep = sleep

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """Hold the right to reconcile for the block; give False while another has it."""
        async with self._leases.held(LEASE) as is_ours:
            yield is_ours

    async def run(self) -> None:
        """Reconcile what is due, and what becomes due, until cancelled."""
        while True:
            try:
                await self.reconcile_due()
            except Exception:
                log.exception("reconcile.round_failed")
            await self._sleep(POLL_SECONDS)

    async def reconcile_due(self) -> Sequence[Reconciliation]:
        """Reconcile what is due now and return the reports; nothing while another is at it."""
        if not await self._ledger.read(self._due):
            return []
        async with self.turn() as is_ours:
            due = await self._ledger.read(self._due) if is_ours else []
            return [await self._reconciler.reconcile(partner, day) for partner, day in due]

    def _due(self, connection: Connection) -> list[tuple[PartnerCode, date]]:
        now = self._now()
        today = day_of(now - AFTER_MIDNIGHT)
        first = today - timedelta(days=KEEPS_LOOKING)
        reports = {
            (report.partner, report.day): report
            for report in reconciliations.read_reports(connection, reconciliation.c.day >= first)
        }
        began = reconciliations.read_first_day(connection)
        days = [today - timedelta(days=back) for back in range(1, KEEPS_LOOKING + 1)]
        return [
            (partner, day)
            for day in days
            if day == days[0] or (began and day >= day_of(began))
            for partner in self._partners
            if _is_due(reports.get((partner, day)), now, today)
        ]


def _is_due(report: Reconciliation | None, now: datetime, today: date) -> bool:
    """Return whether a day that is over is to be compared (again)."""
    if report is None:
        return True
    if report.state is ReconciliationState.FAILED:
        return now >= report.finished_at + RETRY_AFTER
    is_at_rest = report.state is ReconciliationState.CLEAN and not report.open
    return not is_at_rest and report.finished_at < start_of(today) + AFTER_MIDNIGHT
