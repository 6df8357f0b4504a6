"""What becomes of an enrolment when its partner answers, refuses, hangs or forgets."""

from datetime import timedelta

import pytest

from adapters.base import Booking, Receipt, ReceiptStatus
from gateway.enrolment.courier import Courier
from gateway.enrolment.settling import Judge
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.errors import BreakerOpenError
from schema.model.enrolment import EnrolmentStatus
from schema.model.values import Reference
from tests.integration.enrolment.builders import GRANT, PARTNER, PRICE, SITI, Programme
from tests.integration.enrolment.delivering import delivered, enrolled
from tests.integration.enrolment.scripted import (
    ScriptedPartner,
    books_and_drops_the_line,
    confirms,
    decides_later,
    drops_the_line,
    is_unavailable,
    locks_us_out,
    puts_on_waiting_list,
    refuses,
)

pytestmark = pytest.mark.anyio


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


async def test_a_learner_is_told_until_when_to_expect_an_answer(programme: Programme):
    record = await enrolled(programme, confirms)

    assert record.expected_by - record.created_at > timedelta(0)
    assert record.learner == SITI


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
