"""Grants come in row by row, once each, and return when they were not spent, on both engines."""

import asyncio
from datetime import date

import pytest

from gateway.storage.engine import Database
from tests.integration.enrolment.builders import Programme
from tests.integration.enrolment.learners import (
    Desk,
    a_grant,
    keyrings,
    row,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(ledger_db: Database) -> Desk:
    return Desk(ledger_db, keyrings(1))


def reasons(outcome) -> list[tuple[int, str]]:
    return [(each.number, each.reason) for each in outcome.rejected]


async def test_grants_are_posted_once_per_batch_and_row(desk: Desk):
    await desk.bring(row(2), row(3, reference="budi"))
    rows = [a_grant(2), a_grant(3, "budi", "1000000")]

    first, again = await desk.post("w1", *rows), await desk.post("w1", *rows)
    other = await desk.post("w2", a_grant(2, amount="50000"))

    assert (first.posted, first.amount, first.rejected) == (2, 4_500_000, ())
    assert (again.posted, again.unchanged, again.amount) == (0, 2, 0)
    assert other.posted == 1
    assert await desk.spendable() == 3_550_000
    assert await desk.spendable("budi") == 1_000_000
    grants = [act for act in await desk.acts() if act[0] == "GRANTS_POSTED"]
    assert grants == [
        ("GRANTS_POSTED", "batch:w1", "rina"),
        ("GRANTS_POSTED", "batch:w2", "rina"),
    ]
    assert await desk.audit_fault() is None


async def test_a_changed_row_is_reported_and_not_applied(desk: Desk):
    await desk.bring(row(2), row(3, reference="budi"))
    await desk.post("w1", a_grant(2))

    more = await desk.post("w1", a_grant(2, amount="4000000"), a_grant(3, "budi"))
    whom = await desk.post("w1", a_grant(2, "budi"))
    twice = await desk.post("w3", a_grant(9, amount="1"), a_grant(9, amount="2"))

    assert [number for number, _ in reasons(more)] == [2]
    assert more.posted == 1
    assert [number for number, _ in reasons(whom)] == [2]
    assert (twice.posted, [number for number, _ in reasons(twice)]) == (1, [9])
    assert await desk.spendable() == 3_500_001


async def test_a_bad_grant_costs_itself_alone(desk: Desk):
    await desk.bring(row(2))

    outcome = await desk.post(
        "w1",
        a_grant(2, amount="-1"),
        a_grant(3, amount="0"),
        a_grant(4, amount="3.5"),
        a_grant(5, amount="9" * 30),
        a_grant(6, amount="٣"),
        a_grant(7, reference="nobody"),
        a_grant(8),
    )

    assert (outcome.posted, [number for number, _ in reasons(outcome)]) == (1, [2, 3, 4, 5, 6, 7])


async def test_many_who_post_one_batch_post_it_once(desk: Desk):
    await desk.bring(*(row(n, reference=f"l{n}") for n in range(30)))
    rows = [a_grant(n, f"l{n}", "10") for n in range(30)]

    outcomes = await asyncio.gather(*(desk.post("w1", *rows) for _ in range(5)))

    assert sum(outcome.posted for outcome in outcomes) == 30
    assert sum(outcome.unchanged for outcome in outcomes) == 120
    assert await desk.entries() == 60


async def test_what_was_not_spent_in_time_returns_to_the_state(programme: Programme):
    desk = Desk(programme.database)
    await desk.bring(
        row(2),
        row(3, reference="budi", scheme="2023"),
        row(4, reference="late", announced="2024-03-01"),
    )
    await desk.post("w1", a_grant(2), a_grant(3, "budi"), a_grant(4, "late"))
    await programme.enrol(programme.shelf.put("barista"), learner="budi")
    announced_until, last_day = date(2024, 2, 28), date(2024, 3, 13)

    first = await desk.register.expire_idle(announced_until, last_day, "rina")
    again = await desk.register.expire_idle(announced_until, last_day, "rina")

    assert (first, again) == ((1, 3_500_000), (0, 0))
    assert [await desk.spendable(who) for who in ("siti", "budi", "late")] == [
        0,
        3_150_000,
        3_500_000,
    ]
    assert ("BALANCE_EXPIRED", "learner:siti", "rina") in await desk.acts()
    assert sum((await programme.accounts()).values()) == 0
