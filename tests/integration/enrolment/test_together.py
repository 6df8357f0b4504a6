"""Wishes that wait together share a transaction; none of them waits or fails for another."""

import asyncio
import threading

import pytest
from sqlalchemy import event, func, select

from gateway.enrolment import policy
from gateway.enrolment.ledger import lock_learner
from gateway.storage.ledger_tables import enrolment
from schema.model.enrolment import EnrolErrorCode
from schema.model.values import LearnerId
from tests.integration.enrolment.builders import GRANT, PRICE, Programme, codes

pytestmark = pytest.mark.anyio


async def test_twenty_wishes_take_few_commits(programme: Programme):
    names = [f"learner-{number}" for number in range(20)]
    await programme.make_known(*names)
    offering, commits = programme.shelf.put("barista"), []
    event.listen(programme.database.engine, "commit", commits.append)

    outcomes = await asyncio.gather(*(programme.enrol(offering, learner=name) for name in names))

    assert [codes(outcome) for outcome in outcomes] == [[]] * 20
    assert len(commits) <= 2
    assert (await programme.accounts())["HELD"] == 20 * PRICE
    assert await programme.errands() == 20


async def test_refusals_of_some_are_not_those_of_others(programme: Programme):
    fine, dear = programme.shelf.put("barista"), programme.shelf.put("mahal", price=GRANT + 1)
    wanted = {f"learner-{number}": fine if number % 2 else dear for number in range(8)}
    await programme.make_known(*wanted)

    outcomes = await asyncio.gather(
        *(programme.enrol(offering, learner=name) for name, offering in wanted.items())
    )

    assert [codes(each) for each in outcomes] == [[EnrolErrorCode.BALANCE_TOO_LOW], []] * 4
    assert [each.enrolment.learner for each in outcomes if each.enrolment] == [
        name for name, offering in wanted.items() if offering is fine
    ]


async def test_one_that_fails_fails_alone(programme: Programme, monkeypatch: pytest.MonkeyPatch):
    names = ["siti", "budi", "dewi"]
    await programme.make_known(*names)
    offering, judge = programme.shelf.put("barista"), policy.first_refusal

    def stumble(facts):
        if facts.learner.id == "budi":
            raise ZeroDivisionError
        return judge(facts)

    monkeypatch.setattr(policy, "first_refusal", stumble)

    outcomes = await asyncio.gather(
        *(programme.enrol(offering, learner=name) for name in names), return_exceptions=True
    )

    assert isinstance(outcomes[1], ZeroDivisionError)
    assert [codes(outcome) for outcome in (outcomes[0], outcomes[2])] == [[], []]
    count = select(func.count()).select_from(enrolment)
    assert await programme.database.read(lambda c: c.execute(count).scalar_one()) == 2
    assert await programme.balance("budi") == GRANT


async def test_strangers_and_known_learners_are_enrolled_together(programme: Programme):
    await programme.make_known("siti")
    offering = programme.shelf.put("barista")

    outcomes = await asyncio.gather(
        *(programme.enrol(offering, learner=name) for name in ("siti", "budi", "dewi"))
    )

    assert [codes(outcome) for outcome in outcomes] == [[]] * 3


async def test_who_is_kept_waiting_keeps_nobody_else_waiting(programme: Programme):
    if programme.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    await programme.make_known("siti", "budi", "dewi")
    offering = programme.shelf.put("barista")
    locked, go_on = threading.Event(), threading.Event()

    def dawdle(connection) -> None:
        lock_learner(connection, LearnerId("siti"))
        locked.set()
        assert go_on.wait(5)

    slow = asyncio.create_task(programme.database.write(dawdle))
    await asyncio.to_thread(locked.wait, 5)
    waiting = asyncio.create_task(programme.enrol(offering, learner="siti"))
    others = await asyncio.gather(
        *(programme.enrol(offering, learner=name) for name in ("budi", "dewi"))
    )
    is_waiting = not waiting.done()
    go_on.set()
    await slow

    assert [codes(outcome) for outcome in others] == [[], []]
    assert is_waiting
    assert codes(await waiting) == []
