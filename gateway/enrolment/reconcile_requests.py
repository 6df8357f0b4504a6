"""Reconciling a day because an operator asks for it: begun at once, and done in the background."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from gateway.enrolment.audit.records import Act, because, record
from gateway.enrolment.calendar import day_of
from gateway.enrolment.reconcile import Reconciler
from gateway.enrolment.reconcile_schedule import LEASE
from gateway.enrolment.reconciliation_book import ReconciliationBook
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from schema.model.reconciliation import (
    ReconcileErrorCode,
    ReconcileOutcome,
    ReconcileRefusal,
    ReconcileWish,
)
from schema.model.values import PartnerCode
from schema.ports import Window

_CODE = ReconcileErrorCode

log = structlog.get_logger(__name__)


class ReconciliationDesk(ReconciliationBook):
    """Reads reports, and makes new ones: implements `schema.report_ports.Reconciliations`."""

    def __init__(
        self,
        ledger: Database,
        reconciler: Reconciler,
        partners: Sequence[PartnerCode],
        *,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(ledger)
        self._reconciler = reconciler
        self._partners = partners
        self._now = now
        self._leases = Leases(ledger, now)
        self._task: asyncio.Task[None] | None = None

    async def start(self, wish: ReconcileWish) -> ReconcileOutcome:
        """Begin to compare a partner's day, or say why not; return its report as it stands."""
        refusal = self._why_not(wish)
        if refusal is None:
            has_begun = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._reconcile(wish, has_begun))
            if not await has_begun:
                refusal = _busy()
        if refusal is not None:
            return ReconcileOutcome(None, (refusal,))
        found = await self.read_reports(Window(first=1), wish.partner, wish.day, wish.day)
        return ReconcileOutcome(found.nodes[0] if found.nodes else None)

    async def stop(self) -> None:
        """End what is under way; the report before it stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _reconcile(self, wish: ReconcileWish, has_begun: asyncio.Future[bool]) -> None:
        try:
            async with self._leases.held(LEASE) as is_ours:
                if is_ours:
                    await self._write_down(wish)
                has_begun.set_result(is_ours)
                if is_ours:
                    await self._reconciler.reconcile(wish.partner, wish.day)
        except Exception as exc:
            if not has_begun.done():
                has_begun.set_exception(exc)  # whoever asked is told
                return
            log.exception("reconcile.failed", partner=wish.partner, day=wish.day.isoformat())
        finally:
            if not has_begun.done():
                has_begun.cancel()

    async def _write_down(self, wish: ReconcileWish) -> None:
        target, now = f"reconciliation:{wish.partner}:{wish.day}", self._now()
        act = Act.RECONCILIATION_STARTED
        why = because(wish.reason)
        await self._ledger.write(lambda c: record(c, act, target, by=wish.by, at=now, **why))

    def _why_not(self, wish: ReconcileWish) -> ReconcileRefusal | None:
        if wish.partner not in self._partners:
            known = ", ".join(self._partners) or "none"
            message = f"This partner gives no statements; those that do: {known}."
            return ReconcileRefusal(_CODE.NOT_FOUND, message, ("input", "partner"))
        if wish.day > day_of(self._now()):
            message = "The day has not begun yet in Jakarta; choose an earlier one."
            return ReconcileRefusal(_CODE.INVALID_VALUE, message, ("input", "day"))
        is_at_it = self._task is not None and not self._task.done()
        return _busy() if is_at_it else None


def _busy() -> ReconcileRefusal:
    message = "Days are being reconciled just now; ask again in a minute."
    return ReconcileRefusal(_CODE.IN_PROGRESS, message)
