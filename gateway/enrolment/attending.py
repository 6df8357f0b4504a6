"""Who was at which meeting: the newest word stands, whenever it arrives.

A word on what is not known, or not confirmed, is parked until it is.  Functions of a
connection, as in `ledger`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, delete, or_, select

from gateway.enrolment import ledger
from gateway.storage.ledger_tables import enrolment
from gateway.storage.parked_tables import parked_attendance
from gateway.storage.settling_tables import attendance
from gateway.storage.upsert import insert_into
from schema.model.progress import Attendance
from schema.model.values import EnrolmentId, PartnerCode, Reference

BATCH = 100  # references in one transaction


@dataclass(frozen=True, slots=True)
class AttendanceReport:
    """A partner's word on one meeting of one reference."""

    partner: PartnerCode
    reference: Reference
    attendance: Attendance


def attend(connection: Connection, report: AttendanceReport) -> bool:
    """Record who was at a meeting; return False for what had to be parked."""
    filed = ledger.lock_filed(
        connection,
        enrolment.c.partner == report.partner,
        enrolment.c.reference == report.reference,
    )
    if filed is None or filed.settled_at is None:
        parked = {"partner": report.partner, "reference": report.reference}
        _put(connection, parked_attendance, parked, report.attendance)
        return False
    _put(connection, attendance, {"enrolment_id": filed.enrolment.id}, report.attendance)
    return True


def read_ripe(connection: Connection) -> Sequence[tuple[PartnerCode, Reference]]:
    """Return some references of parked words that are confirmed by now."""
    rows = connection.execute(
        select(parked_attendance.c.partner, parked_attendance.c.reference)
        .join(
            enrolment,
            (enrolment.c.reference == parked_attendance.c.reference)
            & (enrolment.c.partner == parked_attendance.c.partner),
        )
        .where(enrolment.c.settled_at.is_not(None))
        .distinct()
        .limit(BATCH)
    )
    return [(PartnerCode(row.partner), Reference(row.reference)) for row in rows]


def take_parked(connection: Connection, ripe: Sequence[tuple[PartnerCode, Reference]]) -> int:
    """Record what was parked about these references; return how many words that were."""
    taken = 0
    for partner, reference in ripe:
        mine = parked_attendance.c
        rows = connection.execute(
            delete(parked_attendance)
            .where(mine.partner == partner, mine.reference == reference)
            .returning(mine.meeting, mine.attended, mine.occurred_at)
        ).all()
        for row in rows:
            attend(connection, AttendanceReport(partner, reference, Attendance(*row)))
        taken += len(rows)
    return taken


def forget_meeting(connection: Connection, enrolment_id: EnrolmentId, meeting: int) -> None:
    """Drop what is known of a meeting: it was a rehearsal."""
    connection.execute(
        delete(attendance).where(
            attendance.c.enrolment_id == enrolment_id, attendance.c.meeting == meeting
        )
    )


def _put(connection: Connection, table: Table, key: dict[str, Any], told: Attendance) -> None:
    """Keep a word on a meeting unless a newer one stands."""
    values = {"attended": told.attended, "occurred_at": told.occurred_at}
    standing = table.c
    is_newer = standing.occurred_at < told.occurred_at
    wins_tie = (standing.occurred_at == told.occurred_at) & (~standing.attended)
    connection.execute(
        insert_into(connection, table)
        .values(**key, meeting=told.meeting, **values)
        .on_conflict_do_update(
            index_elements=[*key, "meeting"], set_=values, where=or_(is_newer, wins_tie)
        )
    )
