"""Enrolling, as the learner sees it, over a real ledger."""

import asyncio

import pytest
from sqlalchemy import event, func, select, update

from gateway.enrolment.learners import ImportedLearners
from gateway.enrolment.service import EnrolmentService
from gateway.storage import engine
from gateway.storage.ledger_tables import enrolment, entry, idempotency_key, learner
from schema.model.enrolment import EnrolErrorCode, EnrolmentStatus, EnrolRequest
from schema.model.values import LearnerId, Money, OfferingId
from schema.ports import BadCursorError, Window
from tests.integration.enrolment.builders import GRANT, PRICE, SITI, Programme, codes

pytestmark = pytest.mark.anyio
CODE = EnrolErrorCode
FIRST = Window(first=20)


async def count(programme: Programme, table, *conditions) -> int:
    question = select(func.count()).select_from(table).where(*conditions)
    return await programme.database.read(lambda c: c.execute(question).scalar_one())


async def test_an_enrolment_is_reserved_and_its_price_held(programme: Programme):
    offering = programme.shelf.put("barista")

    outcome = await programme.enrol(offering)

    assert outcome.refusals == ()
    assert outcome.enrolment.status is EnrolmentStatus.RESERVED
    assert outcome.enrolment.price == Money(PRICE)
    assert await programme.balance() == GRANT - PRICE
    assert await programme.accounts() == {
        "PROGRAMME": -GRANT, "SPENDABLE": GRANT - PRICE, "HELD": PRICE
    }  # fmt: skip
    assert await programme.errands() == 1


async def test_a_new_learner_is_granted_the_schemes_money(programme: Programme):
    assert await programme.balance() == GRANT


async def test_parallel_first_uses_grant_once(programme: Programme):
    balances = await asyncio.gather(*(programme.balance() for _ in range(20)))

    assert set(balances) == {GRANT}
    assert await count(programme, learner) == 1
    assert await programme.accounts() == {"PROGRAMME": -GRANT, "SPENDABLE": GRANT}


async def test_a_free_offering_needs_no_hold(programme: Programme):
    outcome = await programme.enrol(programme.shelf.put("gratis", price=0))

    assert outcome.enrolment.status is EnrolmentStatus.RESERVED
    assert await count(programme, entry, entry.c.kind == "HOLD") == 0


async def test_the_same_key_again_gets_the_same_enrolment_in_its_present_state(
    programme: Programme,
):
    offering = programme.shelf.put("barista")
    first = await programme.enrol(offering)
    await programme.courier.deliver_due()

    again = await programme.enrol(offering)

    assert again.refusals == ()
    assert again.enrolment.id == first.enrolment.id
    assert again.enrolment.status is EnrolmentStatus.CONFIRMED
    assert await count(programme, enrolment) == 1


async def test_fifty_parallel_calls_with_one_key_make_one_enrolment(programme: Programme):
    offering = programme.shelf.put("barista")

    outcomes = await asyncio.gather(*(programme.enrol(offering) for _ in range(50)))

    assert len(set(outcomes)) == 1
    assert outcomes[0].enrolment is not None
    assert await count(programme, enrolment) == 1
    assert await programme.balance() == GRANT - PRICE


async def test_the_same_key_with_other_input_conflicts_and_writes_nothing(programme: Programme):
    offering, other = programme.shelf.put("barista"), programme.shelf.put("desain")
    await programme.enrol(offering)

    outcome = await programme.enrol(other)

    assert codes(outcome) == [CODE.IDEMPOTENCY_CONFLICT]
    assert outcome.enrolment is None
    assert await count(programme, enrolment) == 1
    assert await count(programme, idempotency_key) == 1


async def test_one_learners_key_is_nothing_to_another(programme: Programme):
    offering = programme.shelf.put("barista")
    mine = await programme.enrol(offering, learner="siti")

    theirs = await programme.enrol(offering, learner="budi")

    assert theirs.enrolment.learner == "budi"
    assert theirs.enrolment.id != mine.enrolment.id


async def test_the_same_course_again_points_at_the_live_enrolment(programme: Programme):
    first = programme.shelf.put("barista", course="one-course")
    elsewhere = programme.shelf.put("barista-2", course="one-course")
    enrolled = await programme.enrol(first)

    outcome = await programme.enrol(elsewhere, key="key-2")

    assert codes(outcome) == [CODE.ALREADY_ENROLLED]
    assert outcome.enrolment == enrolled.enrolment


async def test_parallel_keys_for_one_course_make_one_enrolment(programme: Programme):
    offering = programme.shelf.put("barista")

    outcomes = await asyncio.gather(*(programme.enrol(offering, f"key-{n}") for n in range(20)))

    assert sorted(len(outcome.refusals) for outcome in outcomes) == [0] + [1] * 19
    assert {outcome.enrolment.id for outcome in outcomes} == {outcomes[0].enrolment.id}
    assert await programme.balance() == GRANT - PRICE


async def test_a_refusal_is_kept_for_its_key(programme: Programme):
    offering = programme.shelf.put("barista", price=GRANT + 1)
    refused = await programme.enrol(offering)
    programme.shelf.put("barista", price=1)

    again = await programme.enrol(offering)

    assert codes(refused) == [CODE.BALANCE_TOO_LOW]
    assert again == refused


async def test_two_courses_raced_on_money_for_one(programme: Programme):
    offerings = [programme.shelf.put(key, price=2_000_000) for key in ("barista", "desain")]

    outcomes = await asyncio.gather(
        *(programme.enrol(offering, offering.key) for offering in offerings)
    )

    assert sorted(codes(outcome) for outcome in outcomes) == [[], [CODE.BALANCE_TOO_LOW]]
    assert await programme.balance() == GRANT - 2_000_000


async def test_twenty_parallel_learners_get_the_five_seats(programme: Programme):
    offering = programme.shelf.put("barista", seats=5)

    outcomes = await asyncio.gather(
        *(programme.enrol(offering, learner=f"learner-{n}") for n in range(20))
    )

    got = [outcome for outcome in outcomes if not outcome.refusals]
    assert len(got) == 5
    assert {codes(outcome)[0] for outcome in outcomes if outcome.refusals} == {CODE.COURSE_FULL}


async def test_a_seat_that_the_partner_has_counted_is_not_counted_twice(programme: Programme):
    offering = programme.shelf.put("barista", seats=1)
    await programme.enrol(offering, learner="siti")
    await programme.courier.deliver_due()
    too_early = await programme.enrol(offering, learner="budi")
    programme.clock.advance(hours=1)
    programme.shelf.fetch_again(offering, programme.clock())  # and it still says: one left

    outcome = await programme.enrol(offering, learner="dewi")

    assert codes(too_early) == [CODE.COURSE_FULL]
    assert outcome.refusals == ()


async def test_an_unknown_offering_is_not_found(programme: Programme):
    request = EnrolRequest(SITI, OfferingId("nowhere"), None, "key-1")

    outcome = await programme.service.enrol(request)

    assert codes(outcome) == [CODE.NOT_FOUND]


async def test_in_production_a_stranger_is_not_eligible_and_leaves_no_trace(programme: Programme):
    offering = programme.shelf.put("barista")
    service = EnrolmentService(
        programme.database,
        programme.shelf,
        ImportedLearners(programme.database),
        now=programme.clock,
    )

    outcome = await service.enrol(EnrolRequest(SITI, offering.id, None, "key-1"))

    assert codes(outcome) == [CODE.NOT_ELIGIBLE]
    assert await count(programme, learner) == await count(programme, idempotency_key) == 0
    assert await service.read_balance(SITI) == Money(0)


async def test_a_request_that_waits_too_long_for_another_is_in_progress(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
):
    offering = programme.shelf.put("barista")
    await programme.balance()
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 50)  # SQLite's
    with programme.database.engine.connect() as other:
        other.execute(update(learner).values(scheme="2024"))
        if not programme.database.is_sqlite:
            event.listen(programme.database.engine, "checkout", _wait_shortly)

        outcome = await programme.enrol(offering)

    assert codes(outcome) == [CODE.IN_PROGRESS]
    assert await count(programme, idempotency_key) == 0


def _wait_shortly(connection, *_) -> None:
    connection.execute("SET lock_timeout = '50ms'")
    connection.commit()


async def test_another_learners_enrolment_is_not_to_be_seen(programme: Programme):
    enrolled = (await programme.enrol(programme.shelf.put("barista"))).enrolment

    mine = await programme.service.read_enrolment(SITI, enrolled.id)
    theirs = await programme.service.read_enrolment(LearnerId("budi"), enrolled.id)

    assert mine == enrolled
    assert theirs is None


async def test_pages_run_from_the_newest_to_the_oldest_and_back(programme: Programme):
    for number in range(5):
        programme.clock.advance(seconds=1)
        await programme.enrol(programme.shelf.put(f"course-{number}"), f"key-{number}")
    read = programme.service.read_enrolments

    first = await read(SITI, Window(first=2), [])
    second = await read(SITI, Window(first=2, after=first.cursors[-1]), [])
    third = await read(SITI, Window(first=2, after=second.cursors[-1]), [])
    back = await read(SITI, Window(last=2, before=third.cursors[0]), [])

    assert (first.total, first.has_previous, first.has_next) == (5, False, True)
    assert (third.has_previous, third.has_next) == (True, False)
    assert back.nodes == second.nodes
    everything = [*first.nodes, *second.nodes, *third.nodes]
    assert [record.created_at for record in everything] == sorted(
        (record.created_at for record in everything), reverse=True
    )
    assert len({record.id for record in everything}) == 5


async def test_enrolments_made_in_one_instant_are_each_on_one_page(programme: Programme):
    for number in range(3):
        await programme.enrol(programme.shelf.put(f"course-{number}"), f"key-{number}")
    read = programme.service.read_enrolments

    first = await read(SITI, Window(first=1), [])
    rest = await read(SITI, Window(first=5, after=first.cursors[0]), [])

    assert len({record.id for record in [*first.nodes, *rest.nodes]}) == 3


async def test_pages_can_be_of_some_statuses_only(programme: Programme):
    await programme.enrol(programme.shelf.put("barista"))
    await programme.courier.deliver_due()
    await programme.enrol(programme.shelf.put("desain"), "key-2")

    page = await programme.service.read_enrolments(SITI, FIRST, [EnrolmentStatus.CONFIRMED])

    assert page.total == 1
    assert [record.status for record in page.nodes] == [EnrolmentStatus.CONFIRMED]


@pytest.mark.parametrize("cursor", ["", "nonsense", "bnVsbA", "WzEsMl0", "é", "x" * 1_000])
async def test_a_forged_cursor_is_refused(programme: Programme, cursor: str):
    with pytest.raises(BadCursorError):
        await programme.service.read_enrolments(SITI, Window(first=1, after=cursor), [])


async def test_another_learners_cursor_is_refused(programme: Programme):
    await programme.enrol(programme.shelf.put("barista"))
    page = await programme.service.read_enrolments(SITI, FIRST, [])

    with pytest.raises(BadCursorError):
        await programme.service.read_enrolments(
            LearnerId("budi"), Window(first=1, after=page.cursors[0]), []
        )
