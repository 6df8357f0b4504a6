"""Who is told of a change: who follows an enrolment, who reads the feed, who minds the alarm."""

import asyncio
from datetime import timedelta

import pytest

from gateway.enrolment.audit.sealer import seal
from gateway.enrolment.feed import EventFeed
from gateway.enrolment.hearing import Said
from gateway.enrolment.overdue import OverdueAlarm
from gateway.enrolment.watching import EnrolmentWatch
from gateway.telemetry import OVERDUE_ENROLMENTS
from schema.model.enrolment import EnrolmentStatus
from schema.model.values import EnrolmentId, LearnerId
from schema.ports import BadCursorError
from tests.integration.enrolment.builders import NOW, PARTNER, SITI, Programme, until
from tests.integration.enrolment.delivering import in_review, reported, sent
from tests.integration.enrolment.scripted import decides_later

pytestmark = pytest.mark.anyio
S = EnrolmentStatus


async def test_what_takes_longer_than_was_promised_raises_the_alarm(programme: Programme):
    alarm = OverdueAlarm(programme.database, now=programme.clock)
    await sent(programme)
    await sent(programme, decides_later, course="excel")
    await in_review(programme, course="desain")
    programme.clock.time = NOW + timedelta(minutes=9)
    in_time = await alarm.look()
    programme.clock.time = NOW + timedelta(hours=2)

    overdue = await alarm.look()

    assert (in_time, overdue) == ({}, {PARTNER: 2})
    assert OVERDUE_ENROLMENTS.labels(PARTNER)._value.get() == 2


async def test_the_feed_tells_every_event_once_and_reads_on(programme: Programme):
    feed = EventFeed(programme.database)
    await sent(programme)
    await programme.database.write(seal)
    pages = [await feed.read_feed(None, 2)]
    pages.append(await feed.read_feed(pages[-1].cursor, 2))
    nothing = await feed.read_feed(pages[-1].cursor, 2)
    await sent(programme, course="desain")
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
