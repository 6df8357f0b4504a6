"""Whether a course was redeemed when the programme lets it be: rule 5, judged on arrival."""

from sqlalchemy import Connection, Row, select

from gateway.enrolment.course_dates import redeem_period
from gateway.enrolment.hearing import Said
from gateway.enrolment.lapsing import dates_of
from gateway.enrolment.partner_reports import BadReportError, PartnerReport
from gateway.enrolment.rules.book import RuleBook
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, learner
from schema.model.values import OfferingId
from schema.ports import OfferingFacts


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


def _read_bought(connection: Connection, report: PartnerReport) -> Row[tuple[object, ...]] | None:
    return connection.execute(
        select(enrolment, learner.c.scheme, learner.c.announced_on)
        .join(learner, learner.c.id == enrolment.c.learner_id)
        .where(enrolment.c.partner == report.partner, enrolment.c.reference == report.reference)
    ).first()
