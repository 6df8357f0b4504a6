"""Seats that are ours to give: never oversold, freed in time, and given in order."""

import asyncio

import pytest

from gateway.enrolment.places import QuotaError
from schema.model.enrolment import EnrolErrorCode, EnrolmentStatus
from tests.integration.enrolment.builders import GRANT, PRICE, Programme, codes
from tests.integration.enrolment.scripted import confirms, puts_on_waiting_list, refuses

pytestmark = pytest.mark.anyio
S, CODE = EnrolmentStatus, EnrolErrorCode


async def test_forty_parallel_learners_get_the_five_seats(programme: Programme):
    offering = programme.shelf.put("barista", seats=100)
    await programme.own_seats(offering, 5)

    outcomes = await asyncio.gather(
        *(programme.enrol(offering, learner=f"learner-{n}") for n in range(40))
    )

    assert sum(not outcome.refusals for outcome in outcomes) == 5
    assert {codes(each)[0] for each in outcomes if each.refusals} == {CODE.COURSE_FULL}
    assert await programme.seats_taken(offering) == 5


async def test_our_own_count_matters_where_the_partner_says_full(programme: Programme):
    offering = programme.shelf.put("barista", seats=0)
    await programme.own_seats(offering, 1)

    assert codes(await programme.enrol(offering)) == []


async def test_a_refused_booking_frees_its_seat(programme: Programme):
    programme.partner.acts = [refuses]
    offering = programme.shelf.put("barista", seats=1)
    await programme.own_seats(offering, 1)
    await programme.enrol(offering)

    await programme.courier.deliver_due()

    assert await programme.seats_taken(offering) == 0
    assert codes(await programme.enrol(offering, learner="budi")) == []


async def test_seats_that_are_taken_cannot_be_taken_away(programme: Programme):
    offering = programme.shelf.put("barista", seats=9)
    await programme.enrol(offering)  # before the seats were ours

    with pytest.raises(QuotaError):
        await programme.own_seats(offering, 0)
    await programme.own_seats(offering, 1)

    assert await programme.seats_taken(offering) == 1
    assert codes(await programme.enrol(offering, learner="budi")) == [CODE.COURSE_FULL]


async def test_who_comes_too_late_waits_with_the_money_held(programme: Programme):
    offering = programme.shelf.put("barista", seats=1)
    await programme.own_seats(offering, 1, waiting=1)
    await programme.enrol(offering, learner="siti")

    waiting = await programme.enrol(offering, learner="budi")
    refused = await programme.enrol(offering, learner="dewi")
    await programme.courier.deliver_due()

    assert waiting.enrolment.status is S.WAITLISTED
    assert codes(refused) == [CODE.COURSE_FULL]
    assert programme.partner.calls == {"enrol": 1}
    assert await programme.balance("budi") == GRANT - PRICE
    assert await programme.seats_taken(offering) == 1


async def test_a_freed_seat_goes_to_who_has_waited_longest(programme: Programme):
    offering = programme.shelf.put("barista", seats=1)
    await programme.own_seats(offering, 1, waiting=5)
    first = await programme.enrol(offering, learner="siti")
    waiting = []
    for learner in ("budi", "dewi"):
        programme.clock.advance(seconds=1)
        waiting.append((await programme.enrol(offering, learner=learner)).enrolment)

    await programme.cancel(first.enrolment)
    late = await programme.enrol(offering, learner="eka")
    await programme.timekeeper.look()
    await programme.courier.deliver_due()

    assert (await programme.read(waiting[0])).status is S.CONFIRMED
    assert (await programme.read(waiting[1])).status is S.WAITLISTED
    assert late.enrolment.status is S.WAITLISTED  # behind those who wait already
    assert await programme.seats_taken(offering) == 1
    assert await programme.statuses(waiting[0].id) == [
        "WAITLISTED", "RESERVED", "SUBMITTING", "CONFIRMED"
    ]  # fmt: skip


async def test_parallel_timekeepers_promote_as_many_as_there_are_seats(programme: Programme):
    offering = programme.shelf.put("barista", seats=1)
    await programme.own_seats(offering, 0, waiting=9)
    for number in range(6):
        await programme.enrol(offering, learner=f"learner-{number}")
    await programme.own_seats(offering, 4, waiting=9)

    await asyncio.gather(*(programme.timekeeper.look() for _ in range(4)))

    assert await programme.seats_taken(offering) == 4
    assert await programme.errands() == 4


async def test_who_waits_may_leave_and_has_the_money_back(programme: Programme):
    offering = programme.shelf.put("barista", seats=0)
    await programme.own_seats(offering, 0, waiting=1)
    waiting = (await programme.enrol(offering)).enrolment

    outcome = await programme.cancel(waiting)
    await programme.timekeeper.look()
    await programme.courier.deliver_due()

    assert outcome.enrolment.status is S.CANCELLED
    assert await programme.balance() == GRANT
    assert programme.partner.calls == {}


async def test_a_hold_that_nobody_sends_expires(programme: Programme):
    offering = programme.shelf.put("barista", seats=1)
    await programme.own_seats(offering, 1)
    record = (await programme.enrol(offering)).enrolment
    programme.clock.advance(hours=23)
    early = await programme.timekeeper.look()
    programme.clock.advance(hours=1)

    done = await programme.timekeeper.look()
    await programme.courier.deliver_due()

    assert (early, done) == (0, 1)
    assert (await programme.read(record)).status is S.EXPIRED
    assert await programme.balance() == GRANT
    assert await programme.seats_taken(offering) == 0
    assert programme.partner.calls == {}
    assert await programme.errands() == 0


async def test_what_has_been_sent_does_not_expire(programme: Programme):
    programme.partner.acts = [puts_on_waiting_list]
    record = (await programme.enrol(programme.shelf.put("barista"))).enrolment
    await programme.courier.deliver_due()
    programme.clock.advance(days=3)

    assert await programme.timekeeper.look() == 0
    assert (await programme.read(record)).status is S.WAITLISTED


async def test_who_still_waits_when_the_session_begins_is_let_go(programme: Programme):
    offering = programme.shelf.put("barista", seats=0, starts_in=5)
    await programme.own_seats(offering, 0, waiting=1)
    record = (await programme.enrol(offering)).enrolment
    programme.clock.advance(days=5)

    await programme.timekeeper.look()

    assert (await programme.read(record)).status is S.CANCELLED
    assert await programme.balance() == GRANT


async def test_a_hold_ends_when_the_session_begins(programme: Programme):
    offering = programme.shelf.put("barista", seats=5, starts_in=0.75)
    record = (await programme.enrol(offering)).enrolment
    programme.clock.advance(hours=18)

    await programme.timekeeper.look()

    assert (await programme.read(record)).status is S.EXPIRED


async def test_a_partners_place_beyond_our_seats_is_not_taken(programme: Programme):
    programme.partner.acts = [puts_on_waiting_list, confirms]
    offering = programme.shelf.put("barista", seats=1)
    await programme.own_seats(offering, 1)
    first = (await programme.enrol(offering, learner="siti")).enrolment
    await programme.courier.deliver_due()  # the partner has no place for her
    await programme.enrol(offering, learner="budi")
    await programme.courier.deliver_due()
    receipt = programme.partner.booked.pop(first.reference)
    programme.partner.booked[first.reference] = type(receipt)(
        first.reference, type(receipt.status).CONFIRMED
    )
    programme.clock.advance(minutes=10)

    await programme.courier.deliver_due()

    assert (await programme.read(first)).status is S.WAITLISTED
    assert await programme.disagreements() == ["NO_PLACE_LEFT"]
    assert await programme.seats_taken(offering) == 1

    await programme.own_seats(offering, 2)
    programme.clock.advance(minutes=20)
    await programme.courier.deliver_due()

    assert (await programme.read(first)).status is S.CONFIRMED
    assert await programme.disagreements() == []
