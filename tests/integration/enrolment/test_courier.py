"""What becomes of an enrolment when its partner answers, refuses, hangs or forgets."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from adapters.base import Booking, Receipt, ReceiptStatus
from gateway.enrolment.courier import LEASE, Courier
from gateway.enrolment.settling import Judge
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.errors import BreakerOpenError
from gateway.storage.ledger_tables import outbox
from schema.model.enrolment import Enrolment, EnrolmentStatus
from schema.model.values import Reference
from tests.integration.enrolment.builders import (
    GRANT,
    PARTNER,
    PRICE,
    SITI,
    Act,
    Programme,
    ScriptedPartner,
    books_and_drops_the_line,
    confirms,
    decides_later,
    drops_the_line,
    is_unavailable,
    locks_us_out,
    puts_on_waiting_list,
    refuses,
    until,
)

pytestmark = pytest.mark.anyio


class CourierKilledError(BaseException):
    """Stands for kill -9: nothing of the courier runs after it."""


async def enrolled(programme: Programme, *acts: Act) -> Enrolment:
    programme.partner.acts = list(acts)
    outcome = await programme.enrol(programme.shelf.put("barista"))
    assert outcome.enrolment is not None
    return outcome.enrolment


async def delivered(programme: Programme, record: Enrolment, rounds: int = 1) -> Enrolment:
    """Return the enrolment after some rounds of the courier, ten minutes apart."""
    for _ in range(rounds):
        await programme.courier.deliver_due()
        programme.clock.advance(minutes=10)
    found = await programme.service.read_enrolment(record.learner, record.id)
    assert found is not None
    return found


async def test_a_confirmed_booking_captures_the_price(programme: Programme):
    record = await enrolled(programme, confirms)

    settled = await delivered(programme, record)

    assert settled.status is EnrolmentStatus.CONFIRMED
    assert (settled.partner_reference, settled.redeem_code) == ("TKP-1", "REDEEM")
    assert settled.access_url == "https://partner.test/course"
    assert settled.expected_by is None
    assert await programme.statuses(record.id) == ["RESERVED", "SUBMITTING", "CONFIRMED"]
    assert await programme.accounts() == {
        "PROGRAMME": -GRANT, "SPENDABLE": GRANT - PRICE, "HELD": 0, "PARTNER": PRICE
    }  # fmt: skip
    assert await programme.errands() == 0


async def test_a_refused_booking_releases_the_price(programme: Programme):
    record = await enrolled(programme, refuses)

    settled = await delivered(programme, record)

    assert settled.status is EnrolmentStatus.REJECTED
    assert await programme.balance() == GRANT
    assert await programme.errands() == 0
    *_, last = await programme.service.read_events(record.id)
    assert last.cause == "the partner refused: FULL"


async def test_after_a_rejection_the_learner_may_enrol_again(programme: Programme):
    await delivered(programme, await enrolled(programme, refuses, confirms))

    outcome = await programme.enrol(programme.shelf.put("barista"), key="key-2")

    assert outcome.refusals == ()


async def test_a_booking_that_never_left_is_sent_again(programme: Programme):
    record = await enrolled(programme, is_unavailable, is_unavailable, confirms)

    settled = await delivered(programme, record, rounds=3)

    assert settled.status is EnrolmentStatus.CONFIRMED
    assert await programme.statuses(record.id) == ["RESERVED", "SUBMITTING", "CONFIRMED"]
    assert programme.partner.calls == {"enrol": 3}


async def test_a_booking_outlives_credentials_that_are_refused_for_hours(programme: Programme):
    record = await enrolled(programme, *[locks_us_out] * 40, confirms)

    waiting = await delivered(programme, record, rounds=40)  # more than an errand has attempts
    settled = await delivered(programme, record)

    assert waiting.status is EnrolmentStatus.SUBMITTING
    assert settled.status is EnrolmentStatus.CONFIRMED
    assert programme.partner.calls == {"enrol": 41}


async def test_a_booking_in_doubt_is_asked_about_and_never_doubled(programme: Programme):
    record = await enrolled(programme, books_and_drops_the_line)

    settled = await delivered(programme, record, rounds=2)

    assert settled.status is EnrolmentStatus.CONFIRMED
    assert await programme.statuses(record.id) == [
        "RESERVED", "SUBMITTING", "IN_DOUBT", "CONFIRMED"
    ]  # fmt: skip
    assert programme.partner.calls == {"enrol": 1, "find": 1}
    assert (await programme.accounts())["PARTNER"] == PRICE


async def test_a_booking_that_the_partner_never_saw_is_sent_under_the_same_reference(
    programme: Programme,
):
    record = await enrolled(programme, drops_the_line, confirms)

    settled = await delivered(programme, record, rounds=3)

    assert settled.status is EnrolmentStatus.CONFIRMED
    assert await programme.statuses(record.id) == [
        "RESERVED", "SUBMITTING", "IN_DOUBT", "SUBMITTING", "CONFIRMED"
    ]  # fmt: skip
    assert list(programme.partner.booked) == [record.reference]


async def test_a_pending_booking_is_asked_about_until_it_is_decided(programme: Programme):
    record = await enrolled(programme, decides_later)
    pending = await delivered(programme, record, rounds=3)
    decided = programme.partner.booked.pop(record.reference)
    confirmed = type(decided)(record.reference, ReceiptStatus.CONFIRMED)
    programme.partner.booked[record.reference] = confirmed

    settled = await delivered(programme, record, rounds=2)

    assert pending.status is EnrolmentStatus.PENDING_PARTNER
    assert await programme.balance() == GRANT - PRICE
    assert settled.status is EnrolmentStatus.CONFIRMED
    assert await programme.statuses(record.id) == [
        "RESERVED", "SUBMITTING", "PENDING_PARTNER", "CONFIRMED"
    ]  # fmt: skip


async def test_a_place_on_the_waiting_list_keeps_the_money_held(programme: Programme):
    record = await enrolled(programme, puts_on_waiting_list)

    settled = await delivered(programme, record)

    assert settled.status is EnrolmentStatus.WAITLISTED
    assert (await programme.accounts())["HELD"] == PRICE
    assert await programme.errands() == 1  # it is asked about until it is decided


async def test_an_errand_that_always_fails_goes_to_a_person(programme: Programme):
    record = await enrolled(programme, is_unavailable)

    settled = await delivered(programme, record, rounds=6)

    assert settled.status is EnrolmentStatus.MANUAL_REVIEW
    assert programme.partner.calls == {"enrol": 5}
    assert (await programme.accounts())["HELD"] == PRICE  # until the person has decided
    assert await programme.errands() == 0


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


async def test_a_learner_is_told_until_when_to_expect_an_answer(programme: Programme):
    record = await enrolled(programme, confirms)

    assert record.expected_by - record.created_at > timedelta(0)
    assert record.learner == SITI


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


async def test_an_errand_that_cannot_be_concluded_goes_to_a_person(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
):
    def breaks(*_):
        raise RuntimeError("a fault of ours")

    record = await enrolled(programme, confirms)
    monkeypatch.setattr(Judge, "receipt", breaks)

    settled = await delivered(programme, record, rounds=7)

    assert settled.status is EnrolmentStatus.MANUAL_REVIEW
    assert programme.partner.calls == {"enrol": 1, "find": 4}
    assert await programme.errands() == 0


async def test_a_booking_too_late_that_the_partner_keeps_goes_to_a_person(programme: Programme):
    def has_it_after_all(partner, reference):
        return Receipt(reference, ReceiptStatus.CONFIRMED)

    record = await enrolled(programme, drops_the_line)
    programme.partner.cancel_acts = [has_it_after_all]
    programme.clock.advance(days=2)

    settled = await delivered(programme, record, rounds=3)

    assert settled.status is EnrolmentStatus.MANUAL_REVIEW
    assert (await programme.accounts())["HELD"] == PRICE


async def test_what_cannot_be_sent_in_time_is_released(programme: Programme):
    record = await enrolled(programme, is_unavailable)
    await programme.courier.deliver_due()
    programme.clock.advance(days=2)

    settled = await delivered(programme, record)

    assert settled.status is EnrolmentStatus.REJECTED
    assert await programme.balance() == GRANT


def is_left_alone(partner: ScriptedPartner, booking: Booking) -> Receipt:
    raise BreakerOpenError(PARTNER, "HTTP 503", retry_after=5.0)


async def test_a_partner_that_is_left_alone_wears_no_errand_out(programme: Programme):
    record = await enrolled(programme, *[is_left_alone] * 12, confirms)

    waiting = await delivered(programme, record, rounds=12)
    settled = await delivered(programme, record)

    assert waiting.status is EnrolmentStatus.SUBMITTING
    assert settled.status is EnrolmentStatus.CONFIRMED
    assert await programme.statuses(record.id) == ["RESERVED", "SUBMITTING", "CONFIRMED"]


async def test_errands_to_a_resting_partner_stay_where_they_are(programme: Programme):
    resting = {PARTNER}
    courier = Courier(
        programme.database,
        programme.partner,
        now=programme.clock,
        holder="courier-1",
        resting=lambda: resting,
    )
    record = await enrolled(programme, confirms)

    assert await courier.deliver_due() == 0
    assert await programme.statuses(record.id) == ["RESERVED"]
    resting.clear()
    assert await courier.deliver_due() == 1
    assert await programme.statuses(record.id) == ["RESERVED", "SUBMITTING", "CONFIRMED"]


class Desk:
    """The programme's partner as an adapter."""

    def __init__(self, partner: ScriptedPartner) -> None:
        self._partner = partner

    async def enrol(self, booking: Booking) -> Receipt:
        return await self._partner.enrol(PARTNER, booking)

    async def find(self, reference: Reference) -> Receipt | None:
        return await self._partner.find(PARTNER, reference)

    async def cancel(self, reference: Reference) -> Receipt:
        return await self._partner.cancel(PARTNER, reference)


async def test_the_errands_of_a_partner_that_is_cut_off_are_settled_when_it_is_back(
    programme: Programme,
):
    """Through guarded calls: the partner fails, is cut off, probed, and let in again."""
    calls = PartnerCalls(
        lambda _: Desk(programme.partner),
        clock=lambda: programme.clock().timestamp(),
        sleep=_no_sleep,
    )
    courier = Courier(
        programme.database, calls, now=programme.clock, holder="courier-1", resting=calls.resting
    )
    programme.partner.acts = [is_unavailable] * 10 + [confirms] * 5
    records = []
    for number in range(5):
        offering = programme.shelf.put(f"barista-{number}", price=1_000)
        outcome = await programme.enrol(offering, key=f"key-{number}", learner=f"learner-{number}")
        assert outcome.enrolment is not None
        records.append(outcome.enrolment)

    states = []
    for _ in range(30):
        await courier.deliver_due()
        states.append(calls.state(PARTNER))
        programme.clock.advance(seconds=5)

    assert BreakerState.OPEN in states
    assert states[-1] is BreakerState.CLOSED
    found = [await programme.service.read_enrolment(each.learner, each.id) for each in records]
    assert {each.status for each in found if each} == {EnrolmentStatus.CONFIRMED}


async def _no_sleep(_seconds: float) -> None:
    pass


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
