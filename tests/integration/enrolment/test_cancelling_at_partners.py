"""Giving a place back at the partner: who is in doubt asks, and who is refused lets it stand."""

from dataclasses import replace

import pytest

from adapters.base import Receipt, ReceiptStatus
from adapters.errors import AmbiguousPartnerError, PartnerRefusedError, PartnerUnavailableError
from gateway.enrolment.outbox import Operation
from schema.model.enrolment import EnrolErrorCode, EnrolmentStatus
from tests.integration.enrolment.builders import GRANT, PARTNER, PRICE, Programme
from tests.integration.enrolment.delivering import delivered, sent
from tests.integration.enrolment.scripted import decides_later, drops_the_line

pytestmark = pytest.mark.anyio
S, CODE = EnrolmentStatus, EnrolErrorCode


async def test_a_cancellation_in_doubt_is_settled_by_asking(programme: Programme):
    def cancels_and_drops_the_line(partner, reference):
        partner.give_back(reference)
        raise AmbiguousPartnerError(PARTNER, "line dropped")

    record = await sent(programme)
    programme.partner.cancel_acts = [cancels_and_drops_the_line]
    await programme.cancel(record)

    cancelled = await delivered(programme, record, rounds=3)

    assert cancelled.status is S.CANCELLED
    assert programme.partner.calls == {"enrol": 1, "cancel": 1, "find": 1}
    assert await programme.balance() == GRANT


async def test_a_cancellation_that_never_arrived_is_sent_again(programme: Programme):
    def drops(partner, reference):
        raise AmbiguousPartnerError(PARTNER, "line dropped")

    record = await sent(programme)
    programme.partner.cancel_acts = [drops, lambda partner, ref: partner.give_back(ref)]
    await programme.cancel(record)

    cancelled = await delivered(programme, record, rounds=4)

    assert cancelled.status is S.CANCELLED
    assert programme.partner.calls == {"enrol": 1, "cancel": 2, "find": 1}


@pytest.mark.parametrize("way", ["receipt", "error"])
async def test_a_partner_that_would_not_cancel_puts_it_back(programme: Programme, way: str):
    def would_not(partner, reference):
        if way == "error":
            raise PartnerRefusedError(PARTNER, "HTTP 403")
        return replace(partner.booked[reference], reason="TOO_LATE")

    record = await sent(programme)
    programme.partner.cancel_acts = [would_not]
    await programme.cancel(record)

    kept = await delivered(programme, record, rounds=3)

    assert kept.status is S.CONFIRMED
    assert (await programme.accounts())["PARTNER"] == PRICE
    assert await programme.errands() == 0
    again = await programme.cancel(record, key="once-more")
    assert again.enrolment.status is S.CANCEL_REQUESTED


async def test_a_pending_booking_that_is_confirmed_instead_is_paid(programme: Programme):
    def confirms_instead(partner, reference):
        partner.booked[reference] = Receipt(reference, ReceiptStatus.CONFIRMED)
        return partner.booked[reference]

    record = await sent(programme, decides_later)
    programme.partner.cancel_acts = [confirms_instead]
    await programme.cancel(record)

    kept = await delivered(programme, record, rounds=3)

    assert kept.status is S.CONFIRMED
    assert (await programme.accounts())["PARTNER"] == PRICE


async def test_a_pending_booking_that_is_kept_is_asked_about_again(programme: Programme):
    record = await sent(programme, decides_later)
    programme.partner.cancel_acts = [lambda partner, reference: partner.booked[reference]]
    await programme.cancel(record)

    kept = await delivered(programme, record, rounds=3)

    assert kept.status is S.PENDING_PARTNER
    assert await programme.errands() == 1


async def test_a_cancellation_that_always_fails_goes_to_a_person(programme: Programme):
    def is_down(partner, reference):
        raise PartnerUnavailableError(PARTNER, "down")

    record = await sent(programme)
    programme.partner.cancel_acts = [is_down]
    await programme.cancel(record)

    waiting = await delivered(programme, record, rounds=7)

    assert waiting.status is S.MANUAL_REVIEW
    assert await programme.errands() == 0


async def test_a_booking_that_comes_too_late_is_taken_back_and_not_sent_again(
    programme: Programme,
):
    record = await sent(programme, drops_the_line)
    programme.clock.advance(days=2)

    ended = await delivered(programme, record, rounds=3)

    assert ended.status is S.REJECTED
    assert programme.partner.calls["enrol"] == 1
    assert programme.partner.calls["cancel"] == 1
    assert await programme.balance() == GRANT
    assert await programme.statuses(record.id) == [
        "RESERVED", "SUBMITTING", "IN_DOUBT", "COMPENSATING", "REJECTED"
    ]  # fmt: skip


async def test_an_errand_to_cancel_says_ask_before_a_byte_leaves(programme: Programme):
    steps = []
    record = await sent(programme)
    give_back = programme.partner.cancel

    async def looks(code, reference):
        steps.append(await programme.next_step(Operation.CANCEL))
        return await give_back(code, reference)

    programme.partner.cancel = looks
    await programme.cancel(record)
    await programme.courier.deliver_due()

    assert steps == ["ASK"]
