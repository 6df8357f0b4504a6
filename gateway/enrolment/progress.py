"""How a course goes on: meetings that were attended, its end, and the learner's rating."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.enrolment import ledger
from gateway.enrolment.attending import AttendanceReport, attend, read_ripe, take_parked
from gateway.enrolment.filed import Change, Filed
from gateway.enrolment.partner_reports import CLOCKS_DIFFER_BY, LONGEST_REFERENCE, BadReportError
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from gateway.storage.settling_tables import attendance
from schema.model.enrolment import EnrolmentStatus
from schema.model.progress import (
    HIGHEST_RATING,
    LOWEST_RATING,
    Attendance,
    Progress,
    RateRequest,
    RatingErrorCode,
    RatingOutcome,
    RatingRefusal,
)
from schema.model.values import EnrolmentId

MOST_MEETINGS = 1_000
_CODE = RatingErrorCode
_ENDED = frozenset({EnrolmentStatus.COMPLETED, EnrolmentStatus.NOT_PASSED})


class ProgressDesk:
    """Keeps how courses go on: implements `schema.enrolment_ports.Progresses`."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def rate(self, request: RateRequest) -> RatingOutcome:
        """Record a learner's rating of a course that has ended, or say why not."""
        now = self._now()
        return await self._database.write(lambda c: _rate(c, request, now))

    async def record_attendance(self, report: AttendanceReport) -> bool:
        """Record who was at a meeting; False if it is parked until its reference is known.

        Reports may come twice and in any order: the newest stands.  Raises `BadReportError`.
        """
        if (
            not 1 <= len(report.reference) <= LONGEST_REFERENCE
            or not report.reference.isprintable()
        ):
            raise BadReportError(f"a reference is 1 to {LONGEST_REFERENCE} printable characters")
        if not 1 <= report.attendance.meeting <= MOST_MEETINGS:
            raise BadReportError(f"meetings are counted from 1 to {MOST_MEETINGS}")
        if report.attendance.occurred_at > self._now() + CLOCKS_DIFFER_BY:
            raise BadReportError("the time of a report is not in the future; check the clock")
        return await self._database.write(lambda c: attend(c, report))

    async def take_parked(self) -> int:
        """Record what was parked and is about something confirmed by now."""
        ripe = await self._database.read(read_ripe)
        return await self._database.write(lambda c: take_parked(c, ripe)) if ripe else 0

    async def read_progress(self, enrolment_id: EnrolmentId) -> Progress:
        """Return how far an enrolment has come."""
        names = ("redeemed_at", "completed_at", "certificate_reference", "rating", "rated_at")
        question = select(*(enrolment.c[name] for name in names)).where(
            enrolment.c.id == enrolment_id
        )
        row = await self._database.read(lambda c: c.execute(question).first())
        return Progress() if row is None else Progress(*row)

    async def read_attendance(self, enrolment_id: EnrolmentId) -> Sequence[Attendance]:
        """Return who was there at which meeting, in order."""
        question = (
            select(attendance)
            .where(attendance.c.enrolment_id == enrolment_id)
            .order_by(attendance.c.meeting)
        )
        rows = await self._database.read(lambda c: c.execute(question).all())
        return [Attendance(row.meeting, row.attended, row.occurred_at) for row in rows]


def _rate(connection: Connection, request: RateRequest, now: datetime) -> RatingOutcome:
    filed = ledger.lock_filed(
        connection,
        enrolment.c.id == request.enrolment_id,
        enrolment.c.learner_id == request.learner,
    )
    if filed is None:
        message = "You have no such enrolment; list yours to find it."
        return _refused(_CODE.NOT_FOUND, message, "enrolmentId")
    if not LOWEST_RATING <= request.rating <= HIGHEST_RATING:
        message = f"A rating is from {LOWEST_RATING} to {HIGHEST_RATING}."
        return _refused(_CODE.INVALID_VALUE, message, "rating", filed)
    if filed.enrolment.status not in _ENDED:
        message = "A course is rated once it has ended; take it first."
        return _refused(_CODE.NOT_FINISHED, message, "enrolmentId", filed)
    question = select(enrolment.c.rating).where(enrolment.c.id == request.enrolment_id)
    before = connection.execute(question).scalar_one()
    if before is None:
        columns = {"rating": request.rating, "rated_at": now}
        filed = ledger.change_enrolment(connection, filed, Change((), columns), now)
    elif before != request.rating:
        message = f"You have rated it with {before} already."
        return _refused(_CODE.ALREADY_RATED, message, "rating", filed)
    return RatingOutcome(filed.enrolment)


def _refused(
    code: RatingErrorCode, message: str, field: str, filed: Filed | None = None
) -> RatingOutcome:
    refusal = RatingRefusal(code, message, ("input", field))
    return RatingOutcome(filed.enrolment if filed else None, (refusal,))
