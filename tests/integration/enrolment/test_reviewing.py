"""What no machine can settle is settled by a person, and the queue shows all of it."""

import pytest
from sqlalchemy import select

from adapters.base import ReceiptStatus
from gateway.enrolment.hearing import Said
from gateway.enrolment.reviews import ReviewDesk
from gateway.storage.audit_tables import audit_record
from schema.model.enrolment import EnrolmentStatus
from schema.model.progress import ReviewDecision, ReviewErrorCode, ReviewWish
from schema.model.values import EnrolmentId
from schema.ports import BadCursorError, Window
from tests.integration.enrolment.builders import GRANT, PRICE, Programme
from tests.integration.enrolment.delivering import in_review, reported, sent
from tests.integration.enrolment.scripted import books_and_drops_the_line, is_unavailable

pytestmark = pytest.mark.anyio
S = EnrolmentStatus


def a_wish(record, decision: ReviewDecision) -> ReviewWish:
    return ReviewWish(record.id, decision, "asked by telephone", "operator-1")


async def test_a_person_confirms_what_the_partner_has(programme: Programme):
    desk = ReviewDesk(programme.database, now=programme.clock)
    record = await in_review(programme, books_and_drops_the_line)
    queue = await desk.read_reviews(Window(first=10))

    outcome = await desk.settle(a_wish(record, ReviewDecision.CONFIRM))
    again = await desk.settle(a_wish(record, ReviewDecision.REJECT))

    assert [(each.enrolment.id, each.cause) for each in queue.nodes] == [
        (record.id, "too many attempts")
    ]
    assert outcome.enrolment.status is S.CONFIRMED
    assert [each.code for each in again.refusals] == [ReviewErrorCode.NOT_IN_REVIEW]
    assert (await programme.accounts())["PARTNER"] == PRICE
    assert (await desk.read_reviews(Window(first=10))).total == 0
    acts = select(audit_record.c.by, audit_record.c.act)
    told = await programme.database.read(lambda c: [tuple(row) for row in c.execute(acts)])
    assert told == [("operator-1", "REVIEW_SETTLED")]


async def test_what_a_partner_says_against_our_record_waits_until_it_is_seen(programme: Programme):
    desk = ReviewDesk(programme.database, now=programme.clock)
    record = await sent(programme)
    await reported(programme, record, Said.COMPLETED, 1)
    noted_at = programme.clock()
    await reported(programme, record, Said.CANCELLED, 2)
    programme.clock.advance(minutes=1)
    other = await in_review(programme, course="desain")
    queue = await desk.read_reviews(Window(first=10))

    decided = await desk.settle(a_wish(record, ReviewDecision.REJECT))
    seen = await desk.settle(a_wish(record, ReviewDecision.ACKNOWLEDGE))
    again = await desk.settle(a_wish(record, ReviewDecision.ACKNOWLEDGE))

    said = "the partner says cancelled of what is COMPLETED"
    assert [(each.enrolment.id, each.disagreement) for each in queue.nodes] == [
        (record.id, said), (other.id, None)
    ]  # fmt: skip
    assert (queue.nodes[0].since, queue.nodes[0].cause, queue.total) == (noted_at, said, 2)
    assert [each.code for each in decided.refusals] == [ReviewErrorCode.NOT_IN_REVIEW]
    assert (seen.enrolment, seen.refusals) == (await programme.read(record), ())
    assert [each.code for each in again.refusals] == [ReviewErrorCode.NOT_IN_REVIEW]
    assert [each.enrolment.id for each in (await desk.read_reviews(Window(first=9))).nodes] == [
        other.id
    ]
    acts = select(audit_record.c.by, audit_record.c.act, audit_record.c.target)
    told = await programme.database.read(lambda c: [tuple(row) for row in c.execute(acts)])
    assert told == [("operator-1", "DISAGREEMENT_SEEN", record.id)]


async def test_reviews_of_both_kinds_are_paged(programme: Programme):
    desk = ReviewDesk(programme.database, now=programme.clock)
    records = []
    for key in ("barista", "excel", "las"):
        records.append(await sent(programme, course=key))
        await reported(programme, records[-1], Said.COMPLETED, 1)
        await reported(programme, records[-1], Said.CANCELLED, 2)
        programme.clock.advance(minutes=1)
    records.append(await in_review(programme, course="desain"))

    seen, after = [], None
    while True:
        page = await desk.read_reviews(Window(first=1, after=after))
        seen += [each.enrolment.id for each in page.nodes]
        if not page.has_next:
            break
        after = page.cursors[-1]

    assert seen == [each.id for each in records]


async def test_a_person_rejects_and_the_partner_is_told(programme: Programme):
    desk = ReviewDesk(programme.database, now=programme.clock)
    record = await in_review(programme, books_and_drops_the_line)

    outcome = await desk.settle(a_wish(record, ReviewDecision.REJECT))
    await programme.courier.deliver_due()

    assert outcome.enrolment.status is S.REJECTED
    assert await programme.balance() == GRANT
    assert programme.partner.booked[record.reference].status is ReceiptStatus.CANCELLED
    *_, last = await programme.service.read_events(record.id)
    assert last.cause == "settled by the programme: asked by telephone"


@pytest.mark.parametrize(
    ("decision", "status", "balance"),
    [
        (ReviewDecision.REJECT, S.CANCELLED, GRANT),
        (ReviewDecision.CONFIRM, S.CONFIRMED, GRANT - PRICE),
    ],
)
async def test_a_cancellation_in_review_is_refunded_or_stands(
    programme: Programme, decision, status, balance
):
    desk = ReviewDesk(programme.database, now=programme.clock)
    record = await sent(programme)
    await programme.cancel(record)
    programme.partner.is_down = True
    for _ in range(7):
        await programme.courier.deliver_due()
        programme.clock.advance(minutes=10)
    queue = await desk.read_reviews(Window(first=10))

    outcome = await desk.settle(a_wish(record, decision))

    assert [each.is_cancellation for each in queue.nodes] == [True]
    assert outcome.enrolment.status is status
    assert await programme.balance() == balance


async def test_the_queue_is_read_page_by_page(programme: Programme):
    desk = ReviewDesk(programme.database, now=programme.clock)
    offering = programme.shelf.put("barista")
    programme.partner.acts = [is_unavailable]
    for number in range(3):
        await programme.enrol(offering, learner=f"learner-{number}")
    for _ in range(7):
        await programme.courier.deliver_due()
        programme.clock.advance(minutes=10)

    first = await desk.read_reviews(Window(first=2))
    rest = await desk.read_reviews(Window(first=2, after=first.cursors[-1]))

    assert (first.total, first.has_next, rest.has_next) == (3, True, False)
    assert len({each.enrolment.id for each in [*first.nodes, *rest.nodes]}) == 3
    with pytest.raises(BadCursorError):
        await desk.read_reviews(Window(first=2, after="nonsense"))


async def test_one_that_does_not_exist_is_not_settled(programme: Programme):
    desk = ReviewDesk(programme.database, now=programme.clock)
    wish = ReviewWish(EnrolmentId("nowhere"), ReviewDecision.CONFIRM, "why", "operator-1")

    outcome = await desk.settle(wish)

    assert [each.code for each in outcome.refusals] == [ReviewErrorCode.NOT_FOUND]
