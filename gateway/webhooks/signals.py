"""Webhooks that nobody signed: never believed, but a reason to ask the partner itself.

A signal names an enrolment.  One that we have sent there is asked about through the guarded
calls, and what the partner answers is what counts.  Anybody may send signals, so one enrolment
is asked about at most every half minute, and once more for those that came in between.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, update

from adapters.base import Receipt
from adapters.errors import (
    PartnerAccessError,
    PartnerContractError,
    PartnerError,
    PermanentPartnerError,
)
from gateway.enrolment import hearing, ledger
from gateway.enrolment.filed import Step
from gateway.enrolment.partner_reports import follow_word
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from gateway.storage.ledger_tables import enrolment
from gateway.storage.upsert import insert_into
from gateway.storage.webhook_tables import webhook_signal
from schema.model.values import PartnerCode, Reference

ASKER = "webhook-signals"  # the lease of the one that asks
LASTS = timedelta(seconds=10)
PAUSE_SECONDS = 0.5
REST = timedelta(seconds=30)  # between two questions about one enrolment
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=15)
MOST_ATTEMPTS = 100  # more than a day
AT_ONCE = 8

log = structlog.get_logger(__name__)


class Finding(Protocol):
    """The guarded call that asks a partner; raises `PartnerError`."""

    async def find(self, code: PartnerCode, reference: Reference) -> Receipt | None:
        """Return what became of our reference; None if the partner never saw it."""


class SignalDesk:
    """Takes signals in, and asks the partners; one process at a time does the asking."""

    def __init__(
        self,
        database: Database,
        partners: Finding,
        *,
        now: Callable[[], datetime],
        holder: str,
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the desk; `notify` is called after each commit that changed an enrolment."""
        self._ledger = database
        self._partners = partners
        self._now = now
        self._leases = Leases(database, now, holder=holder, lasts=LASTS)
        self._notify = notify

    async def take(self, partner: PartnerCode, reference: Reference) -> None:
        """Have a partner asked about an enrolment; of what it was never sent, nothing comes."""
        about = (enrolment.c.partner == partner, enrolment.c.reference == reference)
        sent = select(enrolment.c.id).where(*about, enrolment.c.sent_at.is_not(None))
        if await self._ledger.read(lambda c: c.execute(sent).first()) is None:
            return
        row = {"partner": partner, "reference": reference, "signals": 1, "attempts": 0}
        row["next_attempt_at"] = self._now()
        await self._ledger.write(lambda c: _put(c, row))

    async def run(self) -> None:
        """Ask again and again."""
        while True:
            try:
                await self.look()
            except Exception as exc:  # noqa: BLE001 - what is due is asked about next time
                log.error("signals.look_failed", error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self) -> int:
        """Ask about some of what is due; return about how many enrolments."""
        now = self._now()
        due = await self._ledger.read(lambda c: _read_due(c, now))
        if not due or not await self._leases.take(ASKER):
            return 0
        resting = [row for row in due if row.signals == 0]
        await self._ledger.write(lambda c: _forget(c, resting))
        asked = [row for row in due if row.signals > 0]
        await asyncio.gather(*map(self._ask, asked))
        return len(asked)

    async def _ask(self, row: Row[Any]) -> None:
        partner, reference = PartnerCode(row.partner), Reference(row.reference)
        began = self._now()
        try:
            receipt = await self._partners.find(partner, reference)
            if receipt is not None and receipt.reference != reference:
                raise PartnerContractError(partner, "answered about another reference")
        except PartnerError as exc:
            await self._put_off(row, exc)
            return
        steps = await self._ledger.write(lambda c: _conclude(c, row, receipt, began))
        if steps:
            ledger.count_changes(steps)
            self._notify()

    async def _put_off(self, row: Row[Any], error: PartnerError) -> None:
        """Ask again later, unless that is pointless."""
        attempts, now = row.attempts + 1, self._now()
        is_final = isinstance(error, PermanentPartnerError)
        is_ours = isinstance(error, PartnerAccessError)  # an operator will mend it
        is_pointless = (is_final and not is_ours) or attempts >= MOST_ATTEMPTS
        log.warning("signals.not_answered", partner=row.partner, gives_up=is_pointless)
        if is_pointless:
            await self._ledger.write(lambda c: _forget(c, [row]))
            return
        wait = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
        later = {"attempts": attempts, "next_attempt_at": now + wait}
        await self._ledger.write(lambda c: c.execute(_update(row).values(later)))


def _put(connection: Connection, row: dict[str, Any]) -> None:
    connection.execute(
        insert_into(connection, webhook_signal)
        .values(row)
        .on_conflict_do_update(
            index_elements=["partner", "reference"], set_={"signals": webhook_signal.c.signals + 1}
        )
    )


def _read_due(connection: Connection, now: datetime) -> Sequence[Row[Any]]:
    due = select(webhook_signal).where(webhook_signal.c.next_attempt_at <= now)
    return connection.execute(due.order_by(webhook_signal.c.next_attempt_at).limit(AT_ONCE)).all()


def _conclude(
    connection: Connection, row: Row[Any], receipt: Receipt | None, now: datetime
) -> Sequence[Step]:
    """Do what the partner says, and rest; signals that came meanwhile are asked about then."""
    rested = {
        "signals": webhook_signal.c.signals - row.signals,
        "attempts": 0,
        "next_attempt_at": now + REST,
    }
    connection.execute(_update(row).values(rested))
    filed = ledger.lock_filed(
        connection, enrolment.c.partner == row.partner, enrolment.c.reference == row.reference
    )
    if filed is None or receipt is None:  # what it does not know is the courier's business
        return ()
    return follow_word(connection, filed, hearing.from_receipt(receipt, now), now)


def _forget(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Delete what nothing has come for since."""
    for row in rows:
        unchanged = webhook_signal.c.signals == row.signals
        connection.execute(delete(webhook_signal).where(_is(row), unchanged))


def _update(row: Row[Any]) -> Any:
    return update(webhook_signal).where(_is(row))


def _is(row: Row[Any]) -> ColumnElement[bool]:
    mine = webhook_signal.c
    return and_(mine.partner == row.partner, mine.reference == row.reference)
