"""Learners for benchmarks and drills: announced today, with the scheme's money to spend."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from gateway.enrolment.money import Movement, MovementKind, post_all
from gateway.enrolment.rules.book import built_in_rules
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import learner
from gateway.storage.sets import insert_all
from schema.model.values import LearnerId

SCHEME = "2023"
AT_ONCE = 1_000
THIRTY_YEARS = timedelta(days=30 * 365)


async def bring_in(ledger: Database, learners: Sequence[LearnerId], now: datetime) -> None:
    """Make learners known, and grant each the scheme's balance."""
    for start in range(0, len(learners), AT_ONCE):
        group = learners[start : start + AT_ONCE]
        await ledger.write(partial(_bring_in, learners=group, now=now))


def _bring_in(connection: Connection, learners: Sequence[LearnerId], now: datetime) -> None:
    shared = {
        "scheme": SCHEME,
        "announced_on": now.date(),
        "birth_date": now.date() - THIRTY_YEARS,
        "in_formal_education": False,
        "provisioned_at": now,
    }
    insert_all(connection, learner, [{"id": each, **shared} for each in learners])
    rules = built_in_rules().find(SCHEME, now.date())
    balance = rules.balance if rules else 0
    grants = (Movement(MovementKind.GRANT, each, balance, f"{SCHEME}:{each}") for each in learners)
    post_all(connection, [(grant, now) for grant in grants])
