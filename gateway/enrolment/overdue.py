"""The alarm for enrolments that take longer than their learners were told to expect."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from sqlalchemy import Connection, func, select

from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, outbox
from gateway.telemetry import OVERDUE_ENROLMENTS
from schema.model.enrolment import EnrolmentStatus
from schema.model.values import PartnerCode

LOOK_SECONDS = 60.0

log = structlog.get_logger(__name__)


class OverdueAlarm:
    """Counts what is overdue, by partner, for the metrics and the log."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                await self.look()
            except Exception as exc:  # noqa: BLE001 - it is looked again
                log.error("overdue.look_failed", error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> Mapping[PartnerCode, int]:
        """Return how much of each partner is overdue, and tell who watches."""
        now = self._now()
        overdue = await self._database.read(lambda c: _count(c, now))
        OVERDUE_ENROLMENTS.clear()  # a partner without any is not told of any more
        for partner, (number, since) in overdue.items():
            OVERDUE_ENROLMENTS.labels(partner).set(number)
            log.warning(
                "enrolments.overdue",
                partner=partner,
                enrolments=number,
                longest_seconds=int((now - since).total_seconds()),
            )
        return {partner: number for partner, (number, _) in overdue.items()}


def _count(connection: Connection, now: datetime) -> dict[PartnerCode, tuple[int, datetime]]:
    """Count by partner, with the earliest promise; the unsettled have errands or are reviewed."""
    is_reviewed = enrolment.c.status == EnrolmentStatus.MANUAL_REVIEW
    unsettled = select(outbox.c.enrolment_id).union(select(enrolment.c.id).where(is_reviewed))
    late = enrolment.c.id.in_(unsettled) & (enrolment.c.expected_by <= now)
    rows = connection.execute(
        select(enrolment.c.partner, func.count(), func.min(enrolment.c.expected_by))
        .where(late)
        .group_by(enrolment.c.partner)
    )
    return {PartnerCode(partner): (number, since) for partner, number, since in rows}
