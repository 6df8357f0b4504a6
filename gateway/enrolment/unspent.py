"""Money that nobody may spend any more goes back to the state: once a day, learner by learner.

A learner whose deadline for a first or a next purchase has passed can buy nothing more, by the
rules of their scheme and year.  Each is judged again under their lock, so that one who buys at
that moment keeps what is theirs.  It may stop at any time: what is left is done by the next.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import Connection, select

from gateway.enrolment import ledger
from gateway.enrolment.audit.records import Act, record
from gateway.enrolment.calendar import day_of
from gateway.enrolment.deadlines import Deadline
from gateway.enrolment.facts import Participant, PastEnrolment
from gateway.enrolment.filed import to_past
from gateway.enrolment.intake import grants
from gateway.enrolment.purchase_deadlines import purchase_deadline
from gateway.enrolment.rules.book import RuleBook
from gateway.storage.daily_tables import daily_work
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from gateway.storage.ledger_tables import enrolment, learner
from gateway.storage.upsert import insert_into
from schema.model.values import LearnerId

NAME = "expire-unspent"
BY = "timekeeper"
POLL_SECONDS = 60.0
READ_AT_ONCE = 500
EXPIRED_AT_ONCE = 100  # in one transaction, so that nobody waits long for it

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Returned:
    """How many learners' money went back, and how much."""

    learners: int = 0
    amount: int = 0

    def plus(self, amounts: Sequence[int]) -> "Returned":
        """Return the sum with some more; who had nothing does not count."""
        number = sum(amount > 0 for amount in amounts)
        return Returned(self.learners + number, self.amount + sum(amounts))


class UnspentMoney:
    """Returns what missed its deadline, daily until cancelled or when asked to."""

    def __init__(self, database: Database, rules: RuleBook, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._rules = rules
        self._now = now
        self._leases = Leases(database, now)

    async def run(self) -> None:
        """Do it once each day of the programme, whichever process comes first."""
        while True:
            try:
                await self.expire_daily()
            except Exception as exc:  # noqa: BLE001 - it is tried again
                log.error("unspent.round_failed", error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
            await asyncio.sleep(POLL_SECONDS)

    async def expire_daily(self) -> Returned | None:
        """Do it unless it was done today, or another process is at it: None then."""
        today = day_of(self._now())
        if await self._database.read(lambda c: _is_done(c, today)):
            return None
        async with self._leases.held(NAME) as is_ours:
            if not is_ours or await self._database.read(lambda c: _is_done(c, today)):
                return None
            returned = await self.expire(BY)
            await self._database.write(lambda c: _mark_done(c, today))
        return returned

    async def expire(self, by: str) -> Returned:
        """Return to the state what all have who missed their deadline; again: nothing."""
        returned, after = Returned(), ""
        while True:
            last, late = await self._database.read(lambda c, start=after: self._read_late(c, start))  # type: ignore[misc]
            for first in range(0, len(late), EXPIRED_AT_ONCE):
                some = late[first : first + EXPIRED_AT_ONCE]
                amounts = await self._database.write(
                    lambda c, some=some: self._expire(c, some, by)  # type: ignore[misc]
                )
                returned = returned.plus(amounts)
            if last is None:
                break
            after = last
        if returned.learners:
            log.info("unspent.returned", learners=returned.learners, amount=returned.amount)
            now, told = self._now(), {"learners": returned.learners, "amount": returned.amount}
            act = Act.UNSPENT_RETURNED
            await self._database.write(lambda c: record(c, act, "programme", by=by, at=now, **told))
        return returned

    def _read_late(
        self, connection: Connection, after: str
    ) -> tuple[LearnerId | None, Sequence[LearnerId]]:
        """Return up to where learners with money were read, and who of them is too late."""
        rows = connection.execute(
            select(learner)
            .where(learner.c.id > after, learner.c.spendable > 0, learner.c.erased_at.is_(None))
            .order_by(learner.c.id)
            .limit(READ_AT_ONCE)
        ).all()
        if not rows:
            return None, ()
        people = [ledger.to_participant(row) for row in rows]
        histories = _read_histories(connection, [each.id for each in people])
        late = [each.id for each in people if self._missed(each, histories[each.id])]
        return people[-1].id, late

    def _expire(self, connection: Connection, some: Sequence[LearnerId], by: str) -> list[int]:
        now, amounts = self._now(), []
        for each in some:  # in the order of their ids, as everybody locks learners
            person = ledger.lock_learner(connection, each)
            missed = person and self._missed(
                person, ledger.read_histories(connection, [each]).get(each, ())
            )
            if missed:
                amounts.append(grants.expire(connection, each, missed.last_day, by=by, now=now))
        return amounts

    def _missed(self, person: Participant, history: Sequence[PastEnrolment]) -> Deadline | None:
        """Return the deadline that has passed for a learner."""
        rules = self._rules.find(person.scheme, person.announced_on)
        deadline = rules and purchase_deadline(rules, person.announced_on, history)
        return deadline if deadline and deadline.has_passed(self._now()) else None


def _read_histories(
    connection: Connection, learners: Sequence[LearnerId]
) -> dict[LearnerId, list[PastEnrolment]]:
    rows = connection.execute(select(enrolment).where(enrolment.c.learner_id.in_(learners)))
    histories: dict[LearnerId, list[PastEnrolment]] = defaultdict(list)
    for row in rows:
        histories[LearnerId(row.learner_id)].append(to_past(row))
    return histories


def _is_done(connection: Connection, today: date) -> bool:
    done_on = connection.scalar(select(daily_work.c.done_on).where(daily_work.c.name == NAME))
    return done_on is not None and done_on >= today


def _mark_done(connection: Connection, today: date) -> None:
    connection.execute(
        insert_into(connection, daily_work)
        .values(name=NAME, done_on=today)
        .on_conflict_do_update(index_elements=["name"], set_={"done_on": today})
    )
