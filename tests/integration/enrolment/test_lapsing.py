"""What is bought and not used: redeemed in its window, finished in its time, or expired."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from gateway.enrolment.course_dates import REPORTED_WITHIN
from gateway.enrolment.hearing import Said
from gateway.enrolment.partner_reports import Applied, BadReportError, PartnerReport
from gateway.storage.ledger_tables import enrolment
from schema.model.catalogue import Offering
from schema.model.enrolment import Enrolment, EnrolmentStatus
from schema.model.values import DeliveryMode
from tests.integration.enrolment.builders import GRANT, NOW, PARTNER, PRICE, Programme

pytestmark = pytest.mark.anyio

S = EnrolmentStatus
WITA = ZoneInfo("Asia/Makassar")
WEBINAR = datetime(2020, 5, 1, 9, 0, tzinfo=WITA)
A_MINUTE = timedelta(minutes=1)


def put_webinar(
    programme: Programme, starts_at: datetime = WEBINAR, ends_at: datetime | None = None
) -> Offering:
    """Put a live course on the shelf whose session begins then; again: it has been moved."""
    offering = programme.shelf.put("barista", seats=10)
    (session,) = offering.sessions
    moved = replace(session, starts_at=starts_at, ends_at=ends_at)
    live = replace(offering, sessions=(moved,), delivery_mode=DeliveryMode.LIVE_ONLINE)
    fact = programme.shelf.facts[offering.id]
    programme.shelf.facts[offering.id] = replace(fact, offering=live)
    return live


async def bought(programme: Programme, offering: Offering | None = None) -> Enrolment:
    outcome = await programme.enrol(offering or programme.shelf.put("barista"))
    assert outcome.enrolment is not None, outcome.refusals
    await programme.courier.deliver_due()
    return await programme.read(outcome.enrolment)


async def redeemed(programme: Programme, record: Enrolment, at: datetime) -> Applied:
    programme.clock.time = max(programme.clock.time, at)
    report = PartnerReport(PARTNER, record.reference, Said.REDEEMED, at)
    return await programme.reports.apply(report)


async def stands_at(programme: Programme, record: Enrolment, at: datetime) -> EnrolmentStatus:
    programme.clock.time = at
    await programme.timekeeper.look()
    return (await programme.read(record)).status


async def test_what_nobody_redeems_expires_and_stays_paid(programme: Programme):
    record = await bought(programme)
    last = (
        datetime(2020, 4, 26, tzinfo=ZoneInfo("Asia/Jakarta")) + REPORTED_WITHIN
    )  # bought the 11th

    before = await stands_at(programme, record, last - A_MINUTE)
    after = await stands_at(programme, record, last)

    assert (before, after) == (S.CONFIRMED, S.EXPIRED)
    events = await programme.service.read_events(record.id)
    assert (events[-1].actor, events[-1].cause) == ("SYSTEM", "not redeemed in time")
    assert (await programme.accounts())["PARTNER"] == PRICE
    assert await programme.balance() == GRANT - PRICE


async def test_a_webinar_expires_after_the_hours_around_its_start(programme: Programme):
    record = await bought(programme, put_webinar(programme))
    last = WEBINAR + timedelta(hours=1) + REPORTED_WITHIN

    before = await stands_at(programme, record, last - A_MINUTE)
    after = await stands_at(programme, record, last)

    assert (before, after) == (S.CONFIRMED, S.EXPIRED)


async def test_a_session_that_was_moved_moves_its_window(programme: Programme):
    record = await bought(programme, put_webinar(programme))
    put_webinar(programme, WEBINAR + timedelta(days=10))
    first_end = WEBINAR + timedelta(hours=1) + REPORTED_WITHIN

    at_the_first_end = await stands_at(programme, record, first_end)
    at_the_moved_one = await stands_at(programme, record, first_end + timedelta(days=10))

    assert (at_the_first_end, at_the_moved_one) == (S.CONFIRMED, S.EXPIRED)


async def test_a_session_that_has_left_the_catalogue_is_judged_by_its_old_dates(
    programme: Programme,
):
    offering = put_webinar(programme)
    record = await bought(programme, offering)
    fact = programme.shelf.facts[offering.id]
    programme.shelf.facts[offering.id] = replace(fact, offering=replace(offering, sessions=()))
    last = WEBINAR + timedelta(hours=1) + REPORTED_WITHIN

    before = await stands_at(programme, record, last - A_MINUTE)
    after = await stands_at(programme, record, last)

    assert (before, after) == (S.CONFIRMED, S.EXPIRED)


@pytest.mark.parametrize(
    ("last_meeting", "last_day"),
    [
        pytest.param(None, datetime(2020, 5, 30, tzinfo=WITA), id="one-meeting"),
        pytest.param(
            datetime(2020, 6, 1, 12, 0, tzinfo=WITA),
            datetime(2020, 6, 30, tzinfo=WITA),
            id="several",
        ),
    ],
)
async def test_a_webinar_without_a_result_expires(
    programme: Programme, last_meeting: datetime | None, last_day: datetime
):
    record = await bought(programme, put_webinar(programme, ends_at=last_meeting))
    await redeemed(programme, record, WEBINAR)
    last = last_day + timedelta(days=1) + REPORTED_WITHIN

    before = await stands_at(programme, record, last - A_MINUTE)
    after = await stands_at(programme, record, last)

    assert (before, after) == (S.ACTIVE, S.EXPIRED)
    assert (await programme.accounts())["PARTNER"] == PRICE


async def test_a_self_paced_course_without_a_result_expires_sixty_days_after_redeeming(
    programme: Programme,
):
    record = await bought(programme)
    await redeemed(programme, record, NOW + timedelta(days=2))  # the 13th: until 11 June
    last = datetime(2020, 6, 12, tzinfo=ZoneInfo("Asia/Jakarta")) + REPORTED_WITHIN

    before = await stands_at(programme, record, last - A_MINUTE)
    after = await stands_at(programme, record, last)

    assert (before, after) == (S.ACTIVE, S.EXPIRED)
    assert (await programme.service.read_events(record.id))[-1].cause == "no result in time"


async def test_a_result_that_is_told_late_still_counts(programme: Programme):
    record = await bought(programme)
    programme.clock.advance(days=17)  # the window has closed, its partner may still tell
    await programme.timekeeper.look()

    told = await redeemed(programme, record, NOW + timedelta(days=1))

    assert told is Applied.APPLIED
    assert (await programme.read(record)).status is S.ACTIVE


@pytest.mark.parametrize(
    ("minutes", "is_kept"),
    [
        pytest.param(-61, False, id="too-early"),
        pytest.param(-60, True, id="as-it-opens"),
        pytest.param(59, True, id="just-in-time"),
        pytest.param(60, False, id="as-it-closes"),
    ],
)
async def test_a_webinar_is_redeemed_around_its_start(
    programme: Programme, minutes: int, *, is_kept: bool
):
    record = await bought(programme, put_webinar(programme))
    at = WEBINAR + timedelta(minutes=minutes)

    if is_kept:
        assert await redeemed(programme, record, at) is Applied.APPLIED
        assert (await programme.read(record)).status is S.ACTIVE
    else:
        with pytest.raises(BadReportError, match=r"from 2020-05-01T08:00\+08:00 until before"):
            await redeemed(programme, record, at)
        assert (await programme.read(record)).status is S.CONFIRMED


async def test_many_lapse_and_each_once(programme: Programme):
    offering = programme.shelf.put("barista")
    for number in range(120):
        await programme.enrol(offering, f"key-{number}", f"learner-{number}")
    await programme.courier.deliver_due()
    programme.clock.advance(days=30)

    ended = await programme.timekeeper.look()
    again = await programme.timekeeper.look()

    rows = select(enrolment.c.status)
    statuses = await programme.database.read(lambda c: list(c.execute(rows).scalars()))
    assert (ended, again) == (120, 0)
    assert set(statuses) == {"EXPIRED"}


async def test_what_cannot_be_judged_stays(programme: Programme):
    record = await bought(programme)
    programme.shelf.facts.clear()
    forget = enrolment.update().values(teaching=None, lapses_at=NOW)
    await programme.database.write(lambda c: c.execute(forget))

    assert await stands_at(programme, record, NOW + timedelta(days=400)) is S.CONFIRMED
    assert await programme.timekeeper.look() == 0
