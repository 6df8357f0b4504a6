"""Who takes part, and with how much money.

In development a stranger becomes a participant on first use; in production learners are
imported, and a stranger stays one.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from gateway.enrolment.money import Movement, MovementKind, post
from gateway.enrolment.rules.book import RuleBook, built_in_rules
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import learner
from gateway.storage.upsert import insert_into
from schema.model.values import LearnerId

PROGRAMME_ZONE = ZoneInfo("Asia/Jakarta")  # in which the programme counts its days

SCHEME = "2023"  # of those who are made known in development
AGE = 30


class Learners(Protocol):
    """How the ledger comes to know a learner."""

    async def read_or_provision(self, learner_id: LearnerId) -> bool:
        """Return whether the programme knows this learner, after making them known if it may."""


class ImportedLearners:
    """Production: only learners who were imported are known."""

    def __init__(self, ledger: Database) -> None:
        self._ledger = ledger

    async def read_or_provision(self, learner_id: LearnerId) -> bool:
        """See `Learners.read_or_provision`; never provisions."""
        return await self._ledger.read(lambda connection: _is_known(connection, learner_id))


class DevelopmentLearners:
    """Development: an unknown subject is announced today and granted the scheme's balance."""

    def __init__(
        self, ledger: Database, now: Callable[[], datetime], rules: RuleBook | None = None
    ) -> None:
        self._ledger = ledger
        self._now = now
        self._rules = rules or built_in_rules()

    async def read_or_provision(self, learner_id: LearnerId) -> bool:
        """See `Learners.read_or_provision`; parallel first uses grant once."""
        known = await self._ledger.read(lambda connection: _is_known(connection, learner_id))
        if not known:
            now, rules = self._now(), self._rules
            await self._ledger.write(lambda c: _provision(c, learner_id, rules, now))
        return True


def _is_known(connection: Connection, learner_id: LearnerId) -> bool:
    mine = (learner.c.id == learner_id, learner.c.erased_at.is_(None))
    return connection.scalar(select(learner.c.id).where(*mine)) is not None


def _provision(
    connection: Connection, learner_id: LearnerId, rules: RuleBook, now: datetime
) -> None:
    today = now.astimezone(PROGRAMME_ZONE).date()
    row = {
        "id": learner_id,
        "scheme": SCHEME,
        "announced_on": today,
        "birth_date": _years_before(today, AGE),
        "in_formal_education": False,
        "provisioned_at": now,
    }
    insert = insert_into(connection, learner).values(row).on_conflict_do_nothing()
    if connection.execute(insert.returning(learner.c.id)).first() is not None:
        scheme = rules.find(SCHEME, today)
        grant, occasion = scheme.balance if scheme else 0, f"{SCHEME}:{learner_id}"
        post(connection, Movement(MovementKind.GRANT, learner_id, grant, occasion), now)


def _years_before(day: date, years: int) -> date:
    """Return the same day `years` earlier; 29 February becomes the 28th."""
    shown = day.replace(day=28) if (day.month, day.day) == (2, 29) else day
    return shown.replace(year=shown.year - years)
