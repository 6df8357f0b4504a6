"""Giving a place back: what a learner may cancel, what it refunds, and once whatever races."""

import asyncio
from dataclasses import replace

import pytest

from adapters.base import ReceiptStatus
from schema.model.enrolment import EnrolErrorCode, EnrolmentStatus
from tests.integration.enrolment.builders import GRANT, PRICE, Programme, codes
from tests.integration.enrolment.delivering import delivered, enrolled, sent
from tests.integration.enrolment.scripted import (
    confirms,
    decides_later,
    drops_the_line,
    puts_on_waiting_list,
)

pytestmark = pytest.mark.anyio
S, CODE = EnrolmentStatus, EnrolErrorCode


async def test_a_cancelled_course_is_refunded_and_the_partner_told(programme: Programme):
    record = await sent(programme, seats=1)

    asked = await programme.cancel(record)
    cancelled = await delivered(programme, record, rounds=3)

    assert asked.refusals == ()
    assert asked.enrolment.status is S.CANCEL_REQUESTED
    assert asked.enrolment.expected_by is not None
    assert cancelled.status is S.CANCELLED
    assert cancelled.expected_by is None
    assert await programme.balance() == GRANT
    assert await programme.accounts() == {
        "PROGRAMME": -GRANT, "SPENDABLE": GRANT, "HELD": 0, "PARTNER": 0
    }  # fmt: skip
    assert programme.partner.booked[record.reference].status is ReceiptStatus.CANCELLED
    assert await programme.errands() == 0


async def test_what_has_not_been_sent_is_cancelled_at_once(programme: Programme):
    record = await enrolled(programme, confirms)

    outcome = await programme.cancel(record)
    await programme.courier.deliver_due()

    assert outcome.enrolment.status is S.CANCELLED
    assert await programme.balance() == GRANT
    assert programme.partner.calls == {}
    assert await programme.statuses(record.id) == ["RESERVED", "CANCEL_REQUESTED", "CANCELLED"]


async def test_who_waits_at_the_partner_has_the_money_back_at_once(programme: Programme):
    record = await sent(programme, puts_on_waiting_list)

    outcome = await programme.cancel(record)
    await delivered(programme, record, rounds=3)

    assert outcome.enrolment.status is S.CANCELLED
    assert await programme.balance() == GRANT
    assert programme.partner.calls["cancel"] == 1
    assert await programme.errands() == 0


async def test_what_the_partner_decides_later_is_released_when_cancelled(programme: Programme):
    record = await sent(programme, decides_later)

    await programme.cancel(record)
    cancelled = await delivered(programme, record, rounds=3)

    assert cancelled.status is S.CANCELLED
    assert await programme.balance() == GRANT


async def test_cancelling_twice_at_once_refunds_once(programme: Programme):
    record = await sent(programme)

    outcomes = await asyncio.gather(
        *(programme.cancel(record, key=f"cancel-{n}") for n in range(10)),
        *(programme.cancel(record, key="the-same") for _ in range(10)),
    )
    await delivered(programme, record, rounds=3)

    assert [outcome.refusals for outcome in outcomes] == [()] * 20
    assert await programme.balance() == GRANT
    assert programme.partner.calls["cancel"] == 1
    assert (await programme.statuses(record.id)).count("CANCELLED") == 1


async def test_cancelling_while_it_is_confirmed_leaves_one_end(programme: Programme):
    record = await enrolled(programme, confirms)

    outcome, _ = await asyncio.gather(programme.cancel(record), programme.courier.deliver_due())
    ended = await delivered(programme, record, rounds=3)

    money = await programme.accounts()
    if outcome.refusals:  # it was on its way already
        assert ended.status is S.CONFIRMED
        assert money["PARTNER"] == PRICE
    else:
        assert ended.status is S.CANCELLED
        assert money["SPENDABLE"] == GRANT
    assert money.get("HELD", 0) == 0


@pytest.mark.parametrize(
    ("days_after", "starts_in", "is_allowed"),
    [(3, 30, True), (4, 30, False), (0, 3, True), (1, 3, False), (0, 2, False)],
)
async def test_a_course_is_cancelled_within_its_window_alone(
    programme: Programme, days_after: int, starts_in: int, is_allowed: bool
):
    record = await sent(programme, seats=5, starts_in=starts_in)
    programme.clock.advance(days=days_after)

    outcome = await programme.cancel(record)

    assert codes(outcome) == ([] if is_allowed else [CODE.NOT_CANCELLABLE])
    if not is_allowed:
        assert "at least 3 days before it starts" in outcome.refusals[0].message
        assert outcome.enrolment.status is S.CONFIRMED


async def test_what_is_in_doubt_is_not_cancellable(programme: Programme):
    record = await sent(programme, drops_the_line)

    outcome = await programme.cancel(record)

    assert codes(outcome) == [CODE.NOT_CANCELLABLE]
    assert outcome.enrolment.status is S.IN_DOUBT


async def test_the_same_key_gets_the_same_refusal_and_other_input_conflicts(programme: Programme):
    record = await sent(programme)
    programme.clock.advance(days=10)
    refused = await programme.cancel(record)
    other = (await programme.enrol(programme.shelf.put("desain"), "key-2")).enrolment

    again = await programme.cancel(record)
    conflict = await programme.cancel(other)

    assert codes(refused) == [CODE.NOT_CANCELLABLE]
    assert again == refused
    assert codes(conflict) == [CODE.IDEMPOTENCY_CONFLICT]


async def test_what_is_cancelled_is_not_cancelled_again_but_by_its_own_key(programme: Programme):
    record = await sent(programme)
    await programme.cancel(record)
    ended = await delivered(programme, record, rounds=3)

    same = await programme.cancel(record)
    other = await programme.cancel(record, key="another")

    assert ended.status is S.CANCELLED
    assert (same.enrolment, same.refusals) == (ended, ())
    assert (other.enrolment, codes(other)) == (ended, [CODE.NOT_CANCELLABLE])
    assert (await programme.statuses(record.id)).count("CANCELLED") == 1


async def test_what_could_not_be_cancelled_just_then_is_by_the_same_key(programme: Programme):
    record = await sent(programme, drops_the_line)
    refused = await programme.cancel(record)
    programme.partner.acts = [confirms]
    await delivered(programme, record, rounds=3)

    outcome = await programme.cancel(record)

    assert codes(refused) == [CODE.NOT_CANCELLABLE]
    assert codes(outcome) == []
    assert (await delivered(programme, record, rounds=3)).status is S.CANCELLED


async def test_another_learners_enrolment_is_not_found(programme: Programme):
    record = await sent(programme)
    await programme.balance("budi")

    outcome = await programme.cancel(replace(record, learner="budi"))

    assert codes(outcome) == [CODE.NOT_FOUND]
    assert outcome.enrolment is None


async def test_a_refusal_names_no_foreign_state(programme: Programme):
    outcome = await programme.cancel(replace(await sent(programme), learner="nobody"))

    assert (codes(outcome), outcome.enrolment) == ([CODE.NOT_FOUND], None)
