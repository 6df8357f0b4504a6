"""Serving processes see what was synced, on both engines."""

import asyncio
import time

import pytest

from gateway.catalogue import index, places
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.scheduler import SyncScheduler
from gateway.catalogue.sync import CatalogueSync
from gateway.catalogue.texts import Searcher
from gateway.storage import sync_tables
from gateway.storage.leases import LASTS, Leases
from schema.model.values import FreshnessState
from schema.ports import CourseFilter, CourseQuery, Window
from tests.catalogue import NOON, TOKOPEDIA, ScriptedPartner, a_partner, an_offering, offerings
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio


@pytest.fixture
async def follower(bench: Workbench) -> CatalogueFollower:
    """A follower that polls often enough for a test."""
    return CatalogueFollower(bench.store, [a_partner()], bench.clock, poll_seconds=0.02)


def titles(follower: CatalogueFollower) -> set[str]:
    found = follower.reader(NOON).courses(CourseQuery(), Window(first=100))
    return {course.title for course in found.nodes}


async def test_a_running_follower_sees_a_sync(bench: Workbench, follower: CatalogueFollower):
    running = asyncio.create_task(follower.run())

    await bench.sync(ScriptedPartner(offerings(3)))

    async with asyncio.timeout(10):
        while follower.snapshot.revision != 1:  # noqa: ASYNC110 - as a client would see it
            await asyncio.sleep(0.01)
    running.cancel()
    assert len(titles(follower)) == 3


async def test_who_asks_first_waits_for_nothing_that_all_would_wait_for(
    bench: Workbench, follower: CatalogueFollower, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(index, "LONG", 1)
    await bench.sync(ScriptedPartner(offerings(3)))

    await follower.refresh()

    monkeypatch.setattr(Searcher, "holding", lambda *_: pytest.fail("a posting was read"))
    monkeypatch.setattr(places, "_Verdicts", lambda _: pytest.fail("places were worked out"))
    query = CourseQuery(search="kursus 2", filter=CourseFilter(available_only=True))
    found = follower.reader(NOON).courses(query, Window(first=1))
    assert found.total == 1


async def test_changes_are_followed_one_revision_after_the_other(
    bench: Workbench, follower: CatalogueFollower
):
    partner = ScriptedPartner(offerings(9))
    await bench.sync(partner)
    await follower.refresh()
    partner.lists([an_offering("1", "Baru"), *offerings(7, start=2), an_offering("10", "Lagi")])
    await bench.sync(partner)

    await follower.refresh()

    whole = CatalogueFollower(bench.store, [a_partner()], bench.clock)
    await whole.refresh()
    assert titles(follower) == titles(whole)
    assert follower.snapshot.courses == whole.snapshot.courses
    assert follower.snapshot.course_of == whole.snapshot.course_of
    assert follower.snapshot.revision == 2


async def test_it_says_whether_a_revision_has_lost_what_the_one_before_showed(
    bench: Workbench, follower: CatalogueFollower
):
    partner, former = ScriptedPartner(offerings(9)), []
    changed = [an_offering("1", "Baru"), *offerings(9, start=2)]
    for listed in (offerings(9), changed, changed[:-1]):
        partner.lists(listed)
        await bench.sync(partner)
        await follower.refresh()
        former.append((follower.former.revision, follower.former.is_whole))

    assert former == [(0, False), (1, True), (2, False)]


async def test_it_knows_until_when_the_revision_before_was_the_newest(
    bench: Workbench, follower: CatalogueFollower
):
    partner = ScriptedPartner(offerings(3))
    await bench.sync(partner)
    await follower.refresh()
    begun = time.monotonic()
    assert not await follower._has_moved()
    looked = time.monotonic()
    partner.lists([an_offering("1", "Baru"), *offerings(3, start=2)])
    await bench.sync(partner)

    assert await follower._has_moved()
    await follower.refresh()

    assert begun <= follower.former_at <= looked < follower.newest_at


async def test_a_move_between_courses_is_followed(bench: Workbench, follower: CatalogueFollower):
    partner = ScriptedPartner([an_offering("1", "Satu"), an_offering("2", "Dua")])
    await bench.sync(partner)
    await follower.refresh()
    partner.lists([an_offering("1", "Dua"), an_offering("2", "Dua")])
    await bench.sync(partner)

    await follower.refresh()

    assert titles(follower) == {"Dua"}
    course = follower.reader(NOON).course_of(an_offering("1").id)
    assert {offering.key for offering in course.offerings} == {"1", "2"}


async def test_a_withdrawn_course_still_resolves(bench: Workbench, follower: CatalogueFollower):
    partner = ScriptedPartner(offerings(9))
    await bench.sync(partner)
    partner.lists(offerings(8))
    await bench.sync(partner)

    await follower.refresh()

    gone = offerings(1, start=9)[0]
    assert follower.reader(NOON).course_of(gone.id).withdrawn
    assert gone.listed.title not in titles(follower)


async def test_a_failure_shows_at_once_without_a_new_revision(
    bench: Workbench, follower: CatalogueFollower
):
    partner = ScriptedPartner(offerings(3))
    await bench.sync(partner)
    await follower.refresh()
    snapshot, epoch = follower.snapshot, follower.partner_epoch
    partner.fails_once(RuntimeError("a fault of ours"))
    with pytest.raises(RuntimeError):
        await bench.sync(partner)

    await follower.refresh()

    assert follower.directory.freshness(TOKOPEDIA).state is FreshnessState.STALE
    assert follower.directory is follower.directory  # made once, and used until something changes
    assert follower.snapshot is snapshot
    assert follower.partner_epoch > epoch


async def test_it_is_ready_when_every_partner_has_been_tried(
    bench: Workbench, follower: CatalogueFollower
):
    await follower.refresh()
    before = follower.is_ready
    await bench.sync(ScriptedPartner([]))

    await follower.refresh()

    assert (before, follower.is_ready) == (False, True)


async def test_one_process_at_a_time_holds_a_lease(bench: Workbench):
    ours, theirs = (Leases(bench.database, bench.clock) for _ in range(2))

    async with ours.held("sync:tokopedia") as is_ours, theirs.held("sync:tokopedia") as is_theirs:
        assert (is_ours, is_theirs) == (True, False)

    async with theirs.held("sync:tokopedia") as is_theirs:
        assert is_theirs


async def test_a_lease_of_a_dead_process_ends(bench: Workbench):
    dead, alive = (Leases(bench.database, bench.clock) for _ in range(2))
    await dead.take("sync:tokopedia")
    bench.clock.turn(seconds=LASTS.total_seconds() + 1)

    assert await alive.take("sync:tokopedia")


async def test_two_processes_do_not_read_one_partner_at_once(bench: Workbench):
    under_way, may_go_on = asyncio.Event(), asyncio.Event()

    class Slow(ScriptedPartner):
        async def __call__(self, *asked):
            under_way.set()
            await may_go_on.wait()
            return await super().__call__(*asked)

    first, second = (
        SyncScheduler(
            CatalogueSync(partner, bench.database, bench.clock).sync,
            bench.store,
            Leases(bench.database, bench.clock),
            bench.clock,
        )
        for partner in (Slow(offerings(3)), ScriptedPartner(offerings(3)))
    )
    working = asyncio.create_task(first.sync_once(a_partner()))
    await under_way.wait()

    skipped = await second.sync_once(a_partner())
    may_go_on.set()
    done = await working

    assert skipped is None
    assert done is not None
    assert done.added == 3
    assert await bench.count(sync_tables.lease) == 0


async def test_long_descriptions_stay_in_the_store(bench: Workbench, follower: CatalogueFollower):
    sold = an_offering("1", "Satu", description_html="<p>Panjang</p>")
    await bench.sync(ScriptedPartner([sold]))

    await follower.refresh()

    course = follower.reader(NOON).course_of(sold.id)
    assert course.description_html is None
    assert await bench.store.read_descriptions([course.id]) == {course.id: "<p>Panjang</p>"}
