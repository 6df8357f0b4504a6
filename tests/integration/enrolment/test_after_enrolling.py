"""What comes after a booking: beginning, attending, ending, rating, reviewing, being told."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from adapters.base import ReceiptStatus
from gateway.enrolment.attending import AttendanceReport
from gateway.enrolment.audit.sealer import seal
from gateway.enrolment.feed import EventFeed
from gateway.enrolment.hearing import Said
from gateway.enrolment.overdue import OverdueAlarm
from gateway.enrolment.partner_reports import BadReportError, PartnerReport
from gateway.enrolment.progress import ProgressDesk
from gateway.enrolment.reviews import ReviewDesk
from gateway.enrolment.watching import EnrolmentWatch
from gateway.storage.audit_tables import audit_record
from gateway.telemetry import OVERDUE_ENROLMENTS
from schema.model.enrolment import EnrolmentStatus
from schema.model.progress import (
    Attendance,
    RateRequest,
    RatingErrorCode,
    ReviewDecision,
    ReviewErrorCode,
    ReviewWish,
)
from schema.model.values import EnrolmentId, LearnerId, PartnerCode, Reference
from schema.ports import BadCursorError, Window
from tests.integration.enrolment.builders import (
    GRANT,
    NOW,
    PARTNER,
    PRICE,
    SITI,
    Act,
    Programme,
    books_and_drops_the_line,
    confirms,
    decides_later,
    is_unavailable,
    until,
)

pytestmark = pytest.mark.anyio
S = EnrolmentStatus


async def enrolled(programme: Programme, act: Act = confirms, key: str = "barista"):
    programme.partner.acts = [act]
    record = (await programme.enrol(programme.shelf.put(key), key)).enrolment
    await programme.courier.deliver_due()
    return record


async def reported(programme: Programme, record, said: Said, version: int, **told) -> None:
    report = PartnerReport(PARTNER, record.reference, said, programme.clock(), version, **told)
    await programme.reports.apply(report)


async def in_review(programme: Programme, act: Act = is_unavailable, key: str = "barista"):
    record = await enrolled(programme, act, key)
    programme.partner.is_down = True
    for _ in range(7):
        programme.clock.advance(minutes=10)
        await programme.courier.deliver_due()
    programme.partner.is_down = False
    assert (await programme.read(record)).status is S.MANUAL_REVIEW
    return record


def a_wish(record, decision: ReviewDecision) -> ReviewWish:
    return ReviewWish(record.id, decision, "asked by telephone", "operator-1")


@pytest.mark.parametrize(
    ("end", "status"), [(Said.COMPLETED, S.COMPLETED), (Said.NOT_PASSED, S.NOT_PASSED)]
)
async def test_a_course_is_begun_ended_and_rated(programme: Programme, end: Said, status):
    desk = ProgressDesk(programme.database, now=programme.clock)
    record = await enrolled(programme)
    begun_at = programme.clock()
    await reported(programme, record, Said.REDEEMED, 1)
    begun = await programme.read(record)
    programme.clock.advance(days=9)
    await reported(programme, record, end, 2, certificate_reference="CERT-1")

    outcome = await desk.rate(RateRequest(SITI, record.id, 4))

    assert begun.status is S.ACTIVE
    assert outcome.refusals == ()
    assert outcome.enrolment.status is status
    progress = await desk.read_progress(record.id)
    assert (progress.redeemed_at, progress.completed_at) == (begun_at, programme.clock())
    assert (progress.certificate_reference, progress.rating) == ("CERT-1", 4)
    assert progress.rated_at == programme.clock()


async def test_a_rating_is_given_once_and_by_the_learner_alone(programme: Programme):
    desk = ProgressDesk(programme.database, now=programme.clock)
    record = await enrolled(programme)
    early = await desk.rate(RateRequest(SITI, record.id, 4))
    await reported(programme, record, Said.COMPLETED, 1)

    outcomes = [
        await desk.rate(RateRequest(LearnerId(learner), record.id, rating))
        for learner, rating in [("budi", 4), ("siti", 0), ("siti", 4), ("siti", 4), ("siti", 1)]
    ]

    assert [each.code for each in early.refusals] == [RatingErrorCode.NOT_FINISHED]
    assert [[each.code for each in outcome.refusals] for outcome in outcomes] == [
        [RatingErrorCode.NOT_FOUND], [RatingErrorCode.INVALID_VALUE], [], [],
        [RatingErrorCode.ALREADY_RATED],
    ]  # fmt: skip
    assert (await desk.read_progress(record.id)).rating == 4


async def test_attendance_is_what_was_told_last_whenever_it_arrives(programme: Programme):
    desk = ProgressDesk(programme.database, now=programme.clock)
    record = await enrolled(programme)
    now = programme.clock()

    for meeting, attended, minutes in [(2, True, 0), (1, True, -5), (1, False, -9), (2, False, 0)]:
        word = Attendance(meeting, attended, now + timedelta(minutes=minutes))
        assert await desk.record_attendance(AttendanceReport(PARTNER, record.reference, word))

    found = await desk.read_attendance(record.id)
    assert [(each.meeting, each.attended) for each in found] == [(1, True), (2, True)]


async def test_attendance_at_nothing_that_is_booked_is_not_recorded(programme: Programme):
    desk = ProgressDesk(programme.database, now=programme.clock)
    pending = await enrolled(programme, decides_later)
    word = Attendance(1, attended=True, occurred_at=programme.clock())

    known = [
        await desk.record_attendance(AttendanceReport(PARTNER, Reference(reference), word))
        for reference in (pending.reference, "mitra-?")
    ]

    assert known == [False, False]
    meeting = Attendance(0, attended=True, occurred_at=programme.clock())
    with pytest.raises(BadReportError):
        await desk.record_attendance(AttendanceReport(PARTNER, pending.reference, meeting))


async def test_attendance_that_is_told_too_early_waits_for_its_enrolment(programme: Programme):
    desk = programme.progress
    record = await enrolled(programme, decides_later)
    now = programme.clock()
    words = [(1, True, 0), (1, False, -5), (2, False, -3), (2, True, -1)]
    for meeting, attended, minutes in words:
        word = Attendance(meeting, attended, now + timedelta(minutes=minutes))
        assert not await desk.record_attendance(AttendanceReport(PARTNER, record.reference, word))
    await programme.timekeeper.look()
    too_early = await desk.read_attendance(record.id)
    report = PartnerReport(PARTNER, record.reference, Said.CONFIRMED, now)
    await programme.reports.apply(report)

    await programme.timekeeper.look()
    again = await desk.take_parked()

    found = await desk.read_attendance(record.id)
    assert too_early == []
    assert [(each.meeting, each.attended) for each in found] == [(1, True), (2, True)]
    assert again == 0


async def test_attendance_of_another_partners_reference_stays_parked(programme: Programme):
    record = await enrolled(programme)
    word = Attendance(1, attended=True, occurred_at=programme.clock())
    report = AttendanceReport(PartnerCode("bukalapak"), record.reference, word)

    assert not await programme.progress.record_attendance(report)
    assert await programme.progress.take_parked() == 0
    assert await programme.progress.read_attendance(record.id) == []


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
    record = await enrolled(programme)
    await reported(programme, record, Said.COMPLETED, 1)
    noted_at = programme.clock()
    await reported(programme, record, Said.CANCELLED, 2)
    programme.clock.advance(minutes=1)
    other = await in_review(programme, key="desain")
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
        records.append(await enrolled(programme, key=key))
        await reported(programme, records[-1], Said.COMPLETED, 1)
        await reported(programme, records[-1], Said.CANCELLED, 2)
        programme.clock.advance(minutes=1)
    records.append(await in_review(programme, key="desain"))

    seen, after = [], None
    while True:
        page = await desk.read_reviews(Window(first=1, after=after))
        seen += [each.enrolment.id for each in page.nodes]
        if not page.has_next:
            break
        after = page.cursors[-1]

    assert seen == [each.id for each in records]


async def test_what_takes_longer_than_was_promised_raises_the_alarm(programme: Programme):
    alarm = OverdueAlarm(programme.database, now=programme.clock)
    await enrolled(programme, confirms, "barista")
    await enrolled(programme, decides_later, "excel")
    await in_review(programme, key="desain")
    programme.clock.time = NOW + timedelta(minutes=9)
    in_time = await alarm.look()
    programme.clock.time = NOW + timedelta(hours=2)

    overdue = await alarm.look()

    assert (in_time, overdue) == ({}, {PARTNER: 2})
    assert OVERDUE_ENROLMENTS.labels(PARTNER)._value.get() == 2


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
    record = await enrolled(programme)
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


async def test_the_feed_tells_every_event_once_and_reads_on(programme: Programme):
    feed = EventFeed(programme.database)
    await enrolled(programme)
    await programme.database.write(seal)
    pages = [await feed.read_feed(None, 2)]
    pages.append(await feed.read_feed(pages[-1].cursor, 2))
    nothing = await feed.read_feed(pages[-1].cursor, 2)
    await enrolled(programme, key="desain")
    await programme.database.write(seal)

    later = await feed.read_feed(nothing.cursor, 100)

    told = [each.event.after.value for page in pages for each in page.events]
    assert told == ["RESERVED", "SUBMITTING", "CONFIRMED"]
    assert [page.has_more for page in pages] == [True, False]
    assert (nothing.events, nothing.has_more) == ((), False)
    assert [each.event.after.value for each in later.events] == told
    numbers = [each.number for page in [*pages, later] for each in page.events]
    assert numbers == sorted(set(numbers))
    for cursor in ("nonsense", "é", "WzEsMl0"):
        with pytest.raises(BadCursorError):
            await feed.read_feed(cursor, 1)


async def test_a_learner_is_told_of_each_change_until_the_end(programme: Programme):
    watch = EnrolmentWatch(programme.database, look_seconds=60)
    record = (await programme.enrol(programme.shelf.put("barista"))).enrolment
    seen = []

    async def follow() -> None:
        async for each in watch.follow(SITI, record.id):
            seen.append(each.status)  # noqa: PERF401 - seen as it happens

    following = asyncio.create_task(follow())
    await until(lambda: seen == [S.RESERVED])
    await programme.courier.deliver_due()
    watch.notify()
    await until(lambda: S.CONFIRMED in seen)
    await reported(programme, record, Said.CANCELLED, 1)
    watch.notify()
    await asyncio.wait_for(following, 5)

    assert seen == [S.RESERVED, S.CONFIRMED, S.CANCELLED]


async def test_what_another_process_commits_is_seen_at_the_next_look(programme: Programme):
    watch = EnrolmentWatch(programme.database, look_seconds=0.01)
    record = (await programme.enrol(programme.shelf.put("barista"))).enrolment
    changes = watch.follow(SITI, record.id)
    first = await anext(changes)
    await programme.courier.deliver_due()

    async with asyncio.timeout(5):
        while (last := await anext(changes)).status is not S.CONFIRMED:
            assert last.status is S.SUBMITTING
    await changes.aclose()

    assert first.status is S.RESERVED


async def test_whose_connection_broke_goes_on_where_it_was(programme: Programme):
    watch = EnrolmentWatch(programme.database, look_seconds=0.01)
    record = (await programme.enrol(programme.shelf.put("barista"))).enrolment
    resumed = watch.follow(SITI, record.id, after=record.version)
    hearing = asyncio.create_task(anext(resumed))
    await asyncio.sleep(0.05)
    assert not hearing.done(), "what it knows already is not told again"

    await programme.courier.deliver_due()
    first = await asyncio.wait_for(hearing, 5)
    await resumed.aclose()

    assert first.version > record.version


async def test_who_goes_on_after_the_end_is_told_nothing_more(programme: Programme):
    watch = EnrolmentWatch(programme.database, look_seconds=60)
    record = (await programme.enrol(programme.shelf.put("barista"))).enrolment
    await programme.courier.deliver_due()
    await reported(programme, record, Said.CANCELLED, 1)
    [last] = [each async for each in watch.follow(SITI, record.id)]

    async with asyncio.timeout(5):
        assert [each async for each in watch.follow(SITI, record.id, after=last.version)] == []


async def test_nobody_follows_anothers_enrolment(programme: Programme):
    watch = EnrolmentWatch(programme.database)
    record = (await programme.enrol(programme.shelf.put("barista"))).enrolment

    for learner, enrolment_id in [(LearnerId("budi"), record.id), (SITI, EnrolmentId("nowhere"))]:
        with pytest.raises(LookupError):
            await anext(watch.follow(learner, enrolment_id))
