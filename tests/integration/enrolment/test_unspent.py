"""Money that missed its deadline returns to the state, by the rules of each learner."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.enrolment import unspent
from gateway.enrolment.unspent import Returned, UnspentMoney
from gateway.storage.ledger_tables import enrolment, entry
from schema.model.enrolment import EnrolErrorCode, EnrolmentStatus
from schema.model.values import LearnerId
from tests.integration.enrolment.builders import GRANT, NOW, PRICE, Clock, Programme
from tests.integration.enrolment.learners import Desk, a_grant, row

pytestmark = pytest.mark.anyio

FIRST_TOO_LATE = NOW + timedelta(days=14, hours=8)  # NOW is 16:00 in Jakarta, of the first day


@pytest.fixture
def programme(strict_programme: Programme) -> Programme:
    return strict_programme


@pytest.fixture
def money(programme: Programme) -> UnspentMoney:
    return UnspentMoney(programme.database, programme.rules, now=programme.clock)


async def took_and_rated(programme: Programme, learner: str, rated_at: datetime) -> None:
    """Let a learner buy a course, complete it and rate it then."""
    bought = await programme.enrol(programme.shelf.put("barista"), learner, learner)
    assert bought.enrolment is not None
    await programme.courier.deliver_due()
    ended = {"status": EnrolmentStatus.COMPLETED, "completed_at": rated_at, "rated_at": rated_at}
    change = enrolment.update().where(enrolment.c.learner_id == learner).values(ended)
    await programme.database.write(lambda c: c.execute(change))


async def test_who_never_bought_in_time_loses_the_money_and_the_right(
    programme: Programme, money: UnspentMoney
):
    await programme.make_known("siti")
    programme.clock.time = FIRST_TOO_LATE - timedelta(seconds=1)
    in_time = await money.expire("rina")
    programme.clock.time = FIRST_TOO_LATE

    too_late = await money.expire("rina")
    again = await money.expire("rina")
    refused = await programme.enrol(programme.shelf.put("excel"))

    assert (in_time, too_late, again) == (Returned(), Returned(1, GRANT), Returned())
    assert await programme.balance() == 0
    assert [each.code for each in refused.refusals] == [EnrolErrorCode.DEADLINE_PASSED]
    assert sum((await programme.accounts()).values()) == 0


async def test_every_return_is_written_down_once(programme: Programme, money: UnspentMoney):
    await programme.make_known("siti", "budi")
    programme.clock.time = FIRST_TOO_LATE

    await money.expire("rina")
    await money.expire("rina")

    acts = await Desk(programme.database).acts()
    assert sorted(act for act in acts if act[0] != "GRANTS_POSTED") == [
        ("BALANCE_EXPIRED", "learner:budi", "rina"),
        ("BALANCE_EXPIRED", "learner:siti", "rina"),
        ("UNSPENT_RETURNED", "programme", "rina"),
    ]


async def test_who_rated_a_course_has_as_long_for_the_next(
    programme: Programme, money: UnspentMoney
):
    rated_at = NOW + timedelta(days=20)
    await took_and_rated(programme, "siti", rated_at)
    programme.clock.time = FIRST_TOO_LATE + timedelta(days=20) - timedelta(seconds=1)
    in_time = await money.expire("rina")
    programme.clock.advance(seconds=1)

    too_late = await money.expire("rina")
    refused = await programme.enrol(programme.shelf.put("excel"), "next")

    assert (in_time, too_late) == (Returned(), Returned(1, GRANT - PRICE))
    assert [each.code for each in refused.refusals] == [EnrolErrorCode.DEADLINE_PASSED]


async def test_who_is_in_a_course_keeps_the_rest(programme: Programme, money: UnspentMoney):
    await programme.enrol(programme.shelf.put("barista"))
    programme.clock.advance(days=400)

    assert await money.expire("rina") == Returned()
    assert await programme.balance() == GRANT - PRICE


async def test_what_is_released_later_returns_with_the_next_round(
    programme: Programme, money: UnspentMoney
):
    held = await programme.enrol(programme.shelf.put("barista"))
    assert held.enrolment is not None
    programme.clock.time = FIRST_TOO_LATE
    await programme.cancel(held.enrolment)  # it was never sent: no purchase

    first = await money.expire("rina")

    assert first == Returned(1, GRANT)
    assert await programme.balance() == 0


async def test_a_scheme_without_rules_is_left_alone(programme: Programme, money: UnspentMoney):
    desk = Desk(programme.database)
    await desk.bring(row(2, scheme="2199"))
    await desk.post("w1", a_grant(2))

    assert await money.expire("rina") == Returned()


async def test_it_is_done_once_a_day_whoever_comes_first(programme: Programme):
    await programme.make_known(*(f"learner-{n}" for n in range(12)))
    programme.clock.time = FIRST_TOO_LATE
    several = [
        UnspentMoney(programme.database, programme.rules, now=programme.clock) for _ in range(4)
    ]

    done = await asyncio.gather(*(each.expire_daily() for each in several))
    same_day = await several[0].expire_daily()
    programme.clock.advance(days=1)
    next_day = await several[0].expire_daily()

    assert [each for each in done if each] == [Returned(12, 12 * GRANT)]
    assert (same_day, next_day) == (None, Returned())
    expired = select(entry.c.learner_id).where(entry.c.kind == "EXPIRE", entry.c.amount < 0)
    rows = await programme.database.read(lambda c: list(c.execute(expired).scalars()))
    assert sorted(rows) == sorted(f"learner-{n}" for n in range(12))


async def test_many_learners_are_gone_through_in_parts(
    programme: Programme, money: UnspentMoney, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unspent, "READ_AT_ONCE", 7)
    monkeypatch.setattr(unspent, "EXPIRED_AT_ONCE", 3)
    await programme.make_known(*(f"learner-{n}" for n in range(30)))
    programme.clock.time = FIRST_TOO_LATE
    await programme.make_known("new")

    assert await money.expire("rina") == Returned(30, 30 * GRANT)
    assert await programme.balance("new") == GRANT


async def test_who_buys_at_the_last_moment_keeps_what_is_left(
    programme: Programme, money: UnspentMoney
):
    await programme.make_known("siti")
    in_time = Clock()
    in_time.time = FIRST_TOO_LATE - timedelta(seconds=1)
    programme.clock.time = in_time.time
    offering = programme.shelf.put("barista")

    async def buy() -> None:
        outcome = await programme.enrol(offering)
        assert outcome.enrolment is not None

    late = UnspentMoney(programme.database, programme.rules, now=lambda: FIRST_TOO_LATE)
    _, returned = await asyncio.gather(buy(), late.expire("rina"), return_exceptions=True)

    held = (await programme.accounts()).get("HELD", 0)
    expired = returned.amount if isinstance(returned, Returned) else 0
    assert (held, expired) in {(PRICE, 0), (0, GRANT)}
    assert await programme.balance(LearnerId("siti")) == GRANT - held - expired
