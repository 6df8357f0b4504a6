"""Money is never negative and never made, whoever writes: the database itself sees to it."""

import asyncio
import threading

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.enrolment.ledger import lock_learner
from gateway.enrolment.money import Movement, MovementKind, post, read_balance, to_rows
from gateway.storage.ledger_tables import entry, learner
from schema.model.enrolment import EnrolErrorCode
from tests.integration.enrolment.builders import GRANT, NOW, SITI, Programme

pytestmark = pytest.mark.anyio


def hold(amount: int, occasion: str) -> Movement:
    return Movement(MovementKind.HOLD, SITI, amount, occasion)


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        (MovementKind.HOLD, GRANT + 1),
        (MovementKind.EXPIRE, GRANT + 1),
        (MovementKind.CAPTURE, 1),
        (MovementKind.RELEASE, 1),
        (MovementKind.REFUND, 1),
    ],
)
async def test_no_account_goes_below_nothing(programme: Programme, kind, amount: int):
    await programme.balance()

    with pytest.raises(IntegrityError):
        await programme.database.write(lambda c: post(c, Movement(kind, SITI, amount, "x"), NOW))

    assert await programme.balance() == GRANT
    assert sum((await programme.accounts()).values()) == 0


async def test_two_movements_of_one_learner_cannot_both_have_the_last_money(programme: Programme):
    await programme.balance()
    both_have_looked = threading.Barrier(1 if programme.database.is_sqlite else 2, timeout=5)

    def take(connection, occasion: str) -> None:
        assert read_balance(connection, SITI) == GRANT or programme.database.is_sqlite
        both_have_looked.wait()
        post(connection, hold(GRANT, occasion), NOW)  # without the learner's lock

    outcomes = await asyncio.gather(
        *(programme.database.write(lambda c, o=occasion: take(c, o)) for occasion in ("a", "b")),
        return_exceptions=True,
    )

    assert [type(each) for each in outcomes if each is not None] == [IntegrityError]
    assert await programme.balance() == 0


async def test_two_courses_raced_on_money_for_one(programme: Programme):
    offerings = [programme.shelf.put(f"course-{n}", price=GRANT) for n in range(6)]
    await programme.balance()

    outcomes = await asyncio.gather(
        *(programme.enrol(each, key=f"key-{n}") for n, each in enumerate(offerings))
    )

    codes = sorted(refusal.code for outcome in outcomes for refusal in outcome.refusals)
    assert codes == [EnrolErrorCode.BALANCE_TOO_LOW] * 5
    assert await programme.balance() == 0
    assert (await programme.accounts())["HELD"] == GRANT


async def test_learners_do_not_wait_for_each_other(programme: Programme):
    if programme.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    for who in ("siti", "budi"):
        await programme.balance(who)
    locked, go_on = threading.Event(), threading.Event()

    def dawdle(connection) -> None:
        lock_learner(connection, SITI)
        post(connection, hold(1, "slow"), NOW)
        locked.set()
        assert go_on.wait(5)

    slow = asyncio.create_task(programme.database.write(dawdle))
    await asyncio.to_thread(locked.wait, 5)
    outcome = await programme.enrol(programme.shelf.put("barista"), learner="budi")
    go_on.set()
    await slow

    assert outcome.refusals == ()


async def test_a_movement_that_does_not_sum_to_zero_is_refused(programme: Programme):
    if programme.database.is_sqlite:
        pytest.skip("SQLite looks at rows, not at statements")
    await programme.balance()
    [_, half] = to_rows(Movement(MovementKind.GRANT, SITI, 5, "half"), NOW)

    with pytest.raises(DBAPIError, match="sums to zero"):
        await programme.database.write(lambda c: c.execute(insert(entry).values(half)))


async def test_a_balance_cannot_be_written_below_nothing(programme: Programme):
    await programme.balance()

    with pytest.raises(IntegrityError):
        await programme.database.write(lambda c: c.execute(update(learner).values(spendable=-1)))


async def test_the_balance_is_the_sum_of_the_entries(programme: Programme):
    for number in range(4):
        await programme.enrol(
            programme.shelf.put(f"c{number}", price=100 * number), key=f"k{number}"
        )
    await programme.courier.deliver_due()

    accounts = await programme.accounts()
    kept = await programme.database.read(
        lambda c: c.execute(select(learner.c.spendable, learner.c.held, learner.c.paid)).one()
    )
    assert kept.spendable == accounts["SPENDABLE"] == GRANT - 600
    assert (kept.held, kept.paid) == (accounts.get("HELD", 0), accounts["PARTNER"]) == (0, 600)
