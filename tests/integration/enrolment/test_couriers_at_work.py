"""Couriers side by side, killed, stopped, or cut off from the ledger: each errand is run once."""

import asyncio

import pytest
from sqlalchemy import select, update

from gateway.enrolment.courier import LEASE
from gateway.storage.ledger_tables import outbox
from schema.model.enrolment import EnrolmentStatus
from tests.integration.enrolment.builders import PRICE, Programme, until
from tests.integration.enrolment.delivering import delivered, enrolled
from tests.integration.enrolment.scripted import confirms

pytestmark = pytest.mark.anyio


class CourierKilledError(BaseException):
    """Stands for kill -9: nothing of the courier runs after it."""


@pytest.mark.parametrize("has_booked", [True, False], ids=["after-booking", "before-booking"])
async def test_another_courier_settles_what_a_killed_one_had_begun(
    programme: Programme, has_booked: bool
):
    def dies(partner, booking):
        if has_booked:
            partner.book(booking)
        raise CourierKilledError

    record = await enrolled(programme, dies, confirms)
    with pytest.raises(CourierKilledError):
        await programme.courier.deliver_due()
    programme.courier = programme.a_courier("courier-2")

    too_early = await delivered(programme, record, rounds=0)
    programme.clock.advance(seconds=LEASE.total_seconds() - 1)
    await programme.courier.deliver_due()
    before_the_lease_ran_out = dict(programme.partner.calls)
    programme.clock.advance(seconds=1)
    settled = await delivered(programme, record, rounds=3)

    assert too_early.status is EnrolmentStatus.SUBMITTING
    assert before_the_lease_ran_out == {"enrol": 1}
    assert settled.status is EnrolmentStatus.CONFIRMED
    assert programme.partner.calls == {"enrol": 1 if has_booked else 2, "find": 1}
    assert list(programme.partner.booked) == [record.reference]
    assert (await programme.accounts())["PARTNER"] == PRICE


async def test_an_answer_that_comes_after_the_lease_ran_out_changes_nothing(programme: Programme):
    answer, asked = asyncio.Event(), asyncio.Event()

    async def answers_late(code, booking):
        receipt = programme.partner.book(booking)
        asked.set()
        await answer.wait()
        return receipt

    record = await enrolled(programme, confirms)
    programme.partner.enrol = answers_late
    slow = asyncio.create_task(programme.courier.deliver_due())
    await asked.wait()
    programme.clock.time += LEASE
    await programme.a_courier("courier-2").deliver_due()
    answer.set()
    await slow

    assert await programme.statuses(record.id) == [
        "RESERVED", "SUBMITTING", "IN_DOUBT", "CONFIRMED"
    ]  # fmt: skip
    assert (await programme.accounts())["PARTNER"] == PRICE


async def test_couriers_that_share_a_ledger_send_each_enrolment_once(programme: Programme):
    offering = programme.shelf.put("barista")
    for number in range(30):
        await programme.enrol(offering, learner=f"learner-{number}")
    couriers = [programme.a_courier(f"courier-{number}") for number in range(4)]

    await asyncio.gather(*(courier.deliver_due() for courier in couriers))

    assert programme.partner.calls == {"enrol": 30}
    assert (await programme.accounts())["PARTNER"] == 30 * PRICE


async def test_a_slow_partner_gets_only_so_many_calls_at_once(programme: Programme):
    release, at_once = asyncio.Event(), []

    async def hangs(code, booking):
        at_once.append(booking)
        await release.wait()
        return programme.partner.book(booking)

    offering = programme.shelf.put("barista")
    for number in range(20):
        await programme.enrol(offering, learner=f"learner-{number}")
    programme.partner.enrol = hangs
    running = asyncio.create_task(programme.courier.run())
    programme.courier.notify()
    await until(lambda: len(at_once) == 8)
    await asyncio.sleep(0.05)
    held_back = len(at_once)
    release.set()
    await until(lambda: len(programme.partner.booked) == 20)
    programme.courier.stop()
    await running

    assert held_back == 8
    assert len(programme.partner.booked) == 20


async def test_a_running_courier_delivers_as_soon_as_it_is_notified(programme: Programme):
    running = asyncio.create_task(programme.courier.run())
    await asyncio.sleep(0.02)  # it has looked, and waits
    record = await enrolled(programme, confirms)

    programme.courier.notify()
    await until(lambda: programme.partner.booked)
    programme.courier.stop()
    await running

    assert (await delivered(programme, record, rounds=0)).status is EnrolmentStatus.CONFIRMED


async def test_a_cancelled_courier_hands_its_errands_over_at_once(programme: Programme):
    asked = asyncio.Event()

    async def hangs(code, booking):
        programme.partner.book(booking)
        asked.set()
        await asyncio.Event().wait()

    record = await enrolled(programme, confirms)
    programme.partner.enrol = hangs
    running = asyncio.create_task(programme.courier.run())
    await asked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    await programme.a_courier("courier-2").deliver_due()

    assert await programme.statuses(record.id) == [
        "RESERVED", "SUBMITTING", "IN_DOUBT", "CONFIRMED"
    ]  # fmt: skip


async def test_an_errand_says_ask_before_a_byte_leaves(programme: Programme):
    steps = []

    async def looks(code, booking):
        row = select(outbox.c.next_step)
        steps.append(await programme.database.read(lambda c: c.execute(row).scalar_one()))
        return programme.partner.book(booking)

    await enrolled(programme, confirms)
    programme.partner.enrol = looks
    await programme.courier.deliver_due()

    assert steps == ["ASK"]


async def test_a_courier_outlives_a_ledger_that_fails(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
):
    write, failures = programme.database.write, []

    async def fails_once(change):
        if not failures:
            failures.append(change)
            raise RuntimeError("disk full")
        return await write(change)

    await enrolled(programme, confirms)
    monkeypatch.setattr(programme.database, "write", fails_once)
    running = asyncio.create_task(programme.courier.run())
    await until(lambda: failures)
    programme.courier.notify()
    await until(lambda: programme.partner.booked)
    programme.courier.stop()
    await running

    assert await programme.errands() == 0


async def test_a_row_that_cannot_be_read_stops_nobody_behind_it(programme: Programme):
    poisoned = await enrolled(programme, confirms)
    spoil = update(outbox).values(operation="DANCE")
    await programme.database.write(lambda c: c.execute(spoil))
    behind = (await programme.enrol(programme.shelf.put("desain"), key="key-2")).enrolment

    settled = await delivered(programme, behind)

    assert settled.status is EnrolmentStatus.CONFIRMED
    assert (await delivered(programme, poisoned, rounds=0)).status is EnrolmentStatus.RESERVED
    assert await programme.errands() == 1


async def test_one_courier_drains_an_sqlite_ledger(programme: Programme):
    if not programme.database.is_sqlite:
        pytest.skip("PostgreSQL's couriers share the outbox")
    await enrolled(programme, confirms)
    await programme.courier.deliver_due()
    await programme.enrol(programme.shelf.put("desain"), key="key-2")
    other = programme.a_courier("courier-2")

    too_early = await other.deliver_due()
    programme.clock.advance(seconds=30)
    later = await other.deliver_due()

    assert (too_early, later) == (0, 1)
