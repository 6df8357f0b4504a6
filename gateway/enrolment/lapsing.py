"""What lapses unused: courses that nobody redeems, or that end without a result.

An enrolment carries the moment at which to look at it (`lapses_at`): the end of its redeem
window, or of its time for the test, and a few days for its partner to tell.  Then the dates are
judged anew, for sessions move.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from gateway.enrolment.course_dates import (
    REPORTED_WITHIN,
    CourseDates,
    deadline_of_test,
    kept_dates,
    redeem_period,
    told_dates,
)
from gateway.enrolment.filed import Change, Step, to_filed
from gateway.enrolment.ledger import change_enrolment
from gateway.enrolment.rules.book import RuleBook
from gateway.enrolment.rules.scheme import SchemeRules
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, learner
from schema.model.enrolment import Actor, EnrolmentStatus
from schema.model.values import EnrolmentId, OfferingId, SessionId
from schema.ports import OfferingFact, OfferingFacts

BATCH = 100  # in one transaction, so that nobody waits long for it
LOOK_AGAIN = timedelta(days=1)  # at what cannot be judged: no rules, or no dates

_S = EnrolmentStatus
_ENDS = {
    _S.CONFIRMED: Step(_S.EXPIRED, Actor.SYSTEM, "not redeemed in time"),
    _S.ACTIVE: Step(_S.EXPIRED, Actor.SYSTEM, "no result in time"),
}

Facts = Mapping[OfferingId, OfferingFact | None]


class Lapsing:
    """Ends what has lapsed; any number may look, each row is ended once."""

    def __init__(
        self,
        database: Database,
        offerings: OfferingFacts,
        rules: RuleBook,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._offerings = offerings
        self._rules = rules
        self._now = now

    async def end_some(self) -> tuple[int, Sequence[Step]]:
        """Look at some of what is due; return how much that was, and the steps it made."""
        now = self._now()
        due = await self._database.read(lambda c: c.execute(_due(now).limit(BATCH)).all())
        if not due:
            return 0, ()
        ids = [EnrolmentId(row.id) for row in due]
        wanted = {OfferingId(row.offering_id) for row in due}
        facts = {each: await self._offerings.read_fact(each) for each in wanted}
        return await self._database.write(lambda c: self._judge(c, ids, facts, now))

    def _judge(
        self, connection: Connection, ids: Sequence[EnrolmentId], facts: Facts, now: datetime
    ) -> tuple[int, Sequence[Step]]:
        rows = connection.execute(
            _due(now)
            .where(enrolment.c.id.in_(ids))
            .with_for_update(of=enrolment, skip_locked=True, key_share=True)
        ).all()
        steps = []
        for row in rows:
            rules = self._rules.find(row.scheme, row.announced_on)
            at = lapses_at(rules, row, facts[OfferingId(row.offering_id)])
            if at is None or at > now:
                _put_off(connection, row, at or now + LOOK_AGAIN)
                continue
            filed = to_filed(row)
            step = _ENDS[filed.enrolment.status]
            change_enrolment(connection, filed, Change((step,), {"lapses_at": None}), now)
            steps.append(step)
        return len(rows), steps


def lapses_at(
    rules: SchemeRules | None, row: Row[Any], fact: OfferingFact | None
) -> datetime | None:
    """Return when what a row of `enrolment` says lapses; None if that cannot be told."""
    dates = dates_of(row, fact)
    if rules is None or dates is None:
        return None
    if row.status == _S.CONFIRMED:
        return redeem_period(rules, dates, row.created_at).closes_at + REPORTED_WITHIN
    begun_at = row.redeemed_at or row.settled_at or row.created_at
    return deadline_of_test(rules, dates, begun_at) + REPORTED_WITHIN


def dates_of(row: Row[Any], fact: OfferingFact | None) -> CourseDates | None:
    """Return the dates of a bought course: the catalogue's newest, else those at purchase."""
    session_id = SessionId(row.session_id) if row.session_id else None
    told = told_dates(fact, session_id) if fact else None
    return told or kept_dates(row)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return enrolment.c.status.in_(sorted(_ENDS)) & (enrolment.c.lapses_at <= now)


def _due(now: datetime) -> Any:
    return (
        select(enrolment, learner.c.scheme, learner.c.announced_on)
        .join(learner, learner.c.id == enrolment.c.learner_id)
        .where(_is_due(now))
        .order_by(enrolment.c.lapses_at, enrolment.c.id)
    )


def _put_off(connection: Connection, row: Row[Any], at: datetime) -> None:
    connection.execute(update(enrolment).where(enrolment.c.id == row.id).values(lapses_at=at))
