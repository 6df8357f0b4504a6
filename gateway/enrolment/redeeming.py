"""Whether a course was redeemed when the programme lets it be: rule 5, judged on arrival."""

from datetime import datetime

from sqlalchemy import Connection, Row, delete, select

from gateway.enrolment import ledger
from gateway.enrolment.course_dates import redeem_period
from gateway.enrolment.filed import Change, Step
from gateway.enrolment.hearing import Said
from gateway.enrolment.lapsing import dates_of
from gateway.enrolment.partner_reports import BadReportError, PartnerReport
from gateway.enrolment.rules.book import RuleBook
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, learner
from gateway.storage.settling_tables import attendance, partner_report
from schema.model.enrolment import Actor, EnrolmentStatus
from schema.model.values import EnrolmentId, OfferingId
from schema.ports import OfferingFacts

_RESET = "the partner reset its test code"
_UNDOING = (
    Step(EnrolmentStatus.CANCEL_REQUESTED, Actor.PARTNER, _RESET),
    Step(EnrolmentStatus.CONFIRMED, Actor.PARTNER, _RESET),
)


class RedeemWindows:
    """Refuses reports of what was redeemed too early or too late."""

    def __init__(self, database: Database, offerings: OfferingFacts, rules: RuleBook) -> None:
        self._database = database
        self._offerings = offerings
        self._rules = rules

    async def check(self, report: PartnerReport) -> None:
        """Raise `BadReportError`, with the dates that decide; what is not known is let pass."""
        if report.status is not Said.REDEEMED:
            return
        row = await self._database.read(lambda c: _read_bought(c, report))
        if row is None:
            return
        rules = self._rules.find(row.scheme, row.announced_on)
        dates = dates_of(row, await self._offerings.read_fact(OfferingId(row.offering_id)))
        if rules is None or dates is None:
            return
        period = redeem_period(rules, dates, row.created_at)
        if report.occurred_at not in period:
            zone = dates.starts_at.tzinfo if dates.starts_at else rules.time_zone
            opens, closes, told = (
                moment.astimezone(zone).isoformat(timespec="minutes")
                for moment in (period.opens_at, period.closes_at, report.occurred_at)
            )
            raise BadReportError(
                f"this course is redeemed from {opens} until before {closes}, not at {told}"
            )


def take_back(connection: Connection, enrolment_id: EnrolmentId, now: datetime) -> bool:
    """Undo the redeeming of a rehearsal; False if it has got further, or never began.

    Its events tell of it; the reports that made it are dropped, or they would do so again.
    """
    filed = ledger.lock_filed(connection, enrolment.c.id == enrolment_id)
    if filed is None or filed.enrolment.status is not EnrolmentStatus.ACTIVE:
        return filed is not None and filed.enrolment.status is EnrolmentStatus.CONFIRMED
    columns = {"redeemed_at": None, "lapses_at": now}
    ledger.change_enrolment(connection, filed, Change(_UNDOING, columns), now)
    connection.execute(
        delete(partner_report).where(
            partner_report.c.partner == filed.enrolment.partner,
            partner_report.c.reference == filed.enrolment.reference,
            partner_report.c.status == Said.REDEEMED,
        )
    )
    connection.execute(delete(attendance).where(attendance.c.enrolment_id == enrolment_id))
    return True


def _read_bought(connection: Connection, report: PartnerReport) -> Row[tuple[object, ...]] | None:
    return connection.execute(
        select(enrolment, learner.c.scheme, learner.c.announced_on)
        .join(learner, learner.c.id == enrolment.c.learner_id)
        .where(enrolment.c.partner == report.partner, enrolment.c.reference == report.reference)
    ).first()
