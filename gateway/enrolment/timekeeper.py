"""What happens because time passes.

Holds run out, freed seats go to who waits, courses lapse unused, late reports fit.

Any number of timekeepers may run: each thing is done in a transaction that locks it.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from gateway.enrolment import hearing, ledger, outbox, places
from gateway.enrolment.filed import Change, Filed, Step, to_filed
from gateway.enrolment.lapsing import Lapsing
from gateway.enrolment.ledger import change_enrolment
from gateway.enrolment.outbox import Operation
from gateway.enrolment.partner_reports import PartnerReports
from gateway.enrolment.places import NoPlaceError
from gateway.enrolment.progress import ProgressDesk
from gateway.enrolment.recording import HELD_FOR, SETTLED_WITHIN
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from gateway.storage.settling_tables import quota
from schema.model.enrolment import Actor, EnrolmentStatus
from schema.model.values import SessionId

PAUSE_SECONDS = 1.0
BATCH = 100  # in one transaction, so that nobody waits long for it

_S = EnrolmentStatus
_PROMOTED = Step(_S.RESERVED, Actor.SYSTEM, "a place became free")
_ENDS = {
    _S.RESERVED: Step(_S.EXPIRED, Actor.SYSTEM, "not sent to the partner in time"),
    _S.WAITLISTED: Step(_S.CANCELLED, Actor.SYSTEM, "the session begins, and no place became free"),
}

log = structlog.get_logger(__name__)


class Timekeeper:
    """Looks after deadlines until it is cancelled."""

    def __init__(
        self,
        database: Database,
        reports: PartnerReports,
        *,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
        lapsing: Lapsing | None = None,
        progress: ProgressDesk | None = None,
    ) -> None:
        """Make a timekeeper; `notify` is called after each commit that changed an enrolment."""
        self._database = database
        self._reports = reports
        self._now = now
        self._notify = notify
        self._lapsing = lapsing
        self._progress = progress

    async def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                await self.look()
            except Exception as exc:  # noqa: BLE001 - what is due is done next time
                log.error("timekeeper.look_failed", error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self) -> int:
        """Do all that is due now; return how many enrolments changed."""
        done = await self._expire()
        done += await self._promote()
        done += await self._lapse()
        if self._progress is not None:
            await self._progress.take_parked()
        return done + await self._reports.apply_parked()

    async def _expire(self) -> int:
        """End what was held for too long: money and seat are free again."""
        expired, now = 0, self._now()
        while await self._database.read(lambda c: c.execute(_overdue(now, 1)).first()):
            steps = await self._database.write(lambda c: _expire(c, now))
            if not steps:  # another timekeeper is at it
                break
            self._tell(steps)
            expired += len(steps)
        return expired

    async def _promote(self) -> int:
        """Give free seats to who has waited longest."""
        promoted, now = 0, self._now()
        for session_id in await self._database.read(_read_promotable):
            with suppress(NoPlaceError):
                promote = partial(_promote, session_id=session_id, now=now)
                while await self._database.write(promote):
                    self._tell((_PROMOTED,))
                    promoted += 1
        return promoted

    async def _lapse(self) -> int:
        """End what was bought and has not been used in time."""
        ended = 0
        while self._lapsing is not None:
            looked_at, steps = await self._lapsing.end_some()
            if not looked_at:  # nothing is due, or another timekeeper is at it
                break
            self._tell(steps)
            ended += len(steps)
        return ended

    def _tell(self, steps: Sequence[Step]) -> None:
        if steps:
            ledger.count_changes(steps)
            self._notify()


def _is_overdue(now: datetime) -> ColumnElement[bool]:
    """Return the condition for what no partner knows of, and whose time has passed."""
    return and_(
        enrolment.c.hold_until <= now,
        or_(
            enrolment.c.status == _S.RESERVED,
            and_(enrolment.c.status == _S.WAITLISTED, enrolment.c.sent_at.is_(None)),
        ),
    )


def _overdue(now: datetime, limit: int) -> Select[Any]:
    return select(enrolment).where(_is_overdue(now)).order_by(enrolment.c.hold_until).limit(limit)


def _expire(connection: Connection, now: datetime) -> list[Step]:
    rows = connection.execute(
        _overdue(now, BATCH).with_for_update(skip_locked=True, key_share=True)
    )
    steps = []
    for filed in map(to_filed, rows):
        step = _ENDS[filed.enrolment.status]
        movement = hearing.closing_movement(filed, step.after)
        change_enrolment(connection, filed, Change((step,), {"expected_by": None}, movement), now)
        outbox.strike_out(connection, filed.enrolment.id, Operation.ENROL)
        steps.append(step)
    return steps


def _read_promotable(connection: Connection) -> Sequence[SessionId]:
    """Return the sessions of ours where a seat is free and somebody waits."""
    waits = (
        select(enrolment.c.id)
        .where(
            enrolment.c.session_id == quota.c.session_id,
            enrolment.c.status == _S.WAITLISTED,
            enrolment.c.sent_at.is_(None),
        )
        .exists()
    )
    rows = connection.execute(
        select(quota.c.session_id).where(quota.c.taken < quota.c.capacity, waits)
    )
    return [SessionId(row.session_id) for row in rows]


def _promote(connection: Connection, session_id: SessionId, now: datetime) -> Filed | None:
    """Give a seat to who has waited longest; None when nobody waits.  Raises `NoPlaceError`."""
    row = connection.execute(
        select(enrolment)
        .where(places.is_waiting(session_id))
        .order_by(enrolment.c.created_at, enrolment.c.id)
        .limit(1)
        .with_for_update(key_share=True)
    ).first()
    if row is None:
        return None
    filed = to_filed(row)
    held_until = min(now + HELD_FOR, filed.hold_until or now + HELD_FOR)
    columns = {"expected_by": now + SETTLED_WITHIN, "hold_until": held_until}
    promoted = change_enrolment(connection, filed, Change((_PROMOTED,), columns), now)
    outbox.put_errand(connection, promoted, now)
    return promoted
