"""The delta feed over real databases: what each page tells, and which questions it refuses."""

from dataclasses import replace

import pytest

from gateway.catalogue.changes import Place as ChangePlace
from gateway.catalogue.changes import to_cursor
from gateway.catalogue.links import LinkDesk
from schema.change_ports import ChangePage, ChangesExpiredError, UnknownRevisionError
from schema.model.values import Money
from schema.ports import BadCursorError
from tests.catalogue import PINTARIA, ScriptedPartner, an_offering, offerings
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.copies import Copy, Process

pytestmark = pytest.mark.anyio


def kinds(page: ChangePage) -> dict[str, str]:
    return {
        change.course.title if change.course else change.course_id: change.kind
        for change in page.part.nodes
    }


async def test_everything_is_every_live_course_and_no_tombstones(bench: Workbench):
    await bench.sync(ScriptedPartner(offerings(6)))
    await bench.sync(ScriptedPartner(offerings(5)))
    process = Process(bench)

    page = await (await process.look()).read_changes(0, 100, None)

    assert page.revision == 2
    assert kinds(page) == {f"Kursus Nomor {n}": "ADDED" for n in range(1, 6)}


async def test_a_course_is_told_once_with_its_net_effect(bench: Workbench):
    partner = ScriptedPartner(offerings(8))
    await bench.sync(partner)
    process = Process(bench)
    copy = Copy()
    await copy.follow(process.look)
    changed = an_offering("1", "Kursus Nomor 1", price=1)
    partner.lists([changed, *offerings(6, start=2), an_offering("new", "Baru")])  # 8 goes
    await bench.sync(partner)
    partner.lists([replace(changed, price=Money(2)), *offerings(7, start=2)])  # 8 is back
    await bench.sync(partner)

    page = await (await process.look()).read_changes(copy.since, 100, None)

    assert page.revision == 3
    assert sorted(kinds(page).values()) == ["CHANGED", "CHANGED", "WITHDRAWN"]
    assert {"Kursus Nomor 1", "Kursus Nomor 8"} <= kinds(page).keys()  # the other came and went


async def test_what_a_page_showed_too_early_is_withdrawn_all_the_same(bench: Workbench):
    partner = ScriptedPartner(offerings(2))
    await bench.sync(partner)
    process, copy = Process(bench), Copy()
    first = await (await process.look()).read_changes(0, 1, None)
    copy.apply(first)
    partner.lists(offerings(40))
    await bench.sync(partner)
    after = first.part.cursors[-1]
    copy.apply(await (await process.look()).read_changes(0, 100, after))  # some of the new ones
    partner.lists(offerings(2))
    await bench.sync(partner, accept_alarm=True)

    copy.since = first.revision
    await copy.follow(process.look)

    assert copy.courses == await process.whole()


async def test_a_withdrawn_course_is_a_tombstone(bench: Workbench):
    partner = ScriptedPartner(offerings(6))
    await bench.sync(partner)
    partner.lists(offerings(5))
    await bench.sync(partner)

    page = await (await Process(bench).look()).read_changes(1, 100, None)

    [change] = page.part.nodes
    assert (change.kind, change.course) == ("WITHDRAWN", None)


async def test_a_merged_course_is_withdrawn_and_says_where_it_went(bench: Workbench):
    slip = an_offering("A", "Seduh Kopi Manuall", partner=PINTARIA)
    between = an_offering("1", "Seduh Kopi Manual")
    other = an_offering("A2", "Seduh Koppi Manual", partner=PINTARIA)
    await bench.lists(slip, other)
    process, copy = Process(bench), Copy()
    await copy.follow(process.look)
    desk = LinkDesk(bench.database, bench.clock)
    kept, merged = sorted([await bench.course_of(slip), await bench.course_of(other)])
    await bench.lists(between)
    assert (await desk.merge([kept, merged], "rina")).kept == kept

    page = await (await process.look()).read_changes(copy.since, 100, None)

    assert {each.course_id: each.merged_into for each in page.part.nodes}[merged] == kept
    await copy.follow(process.look)
    assert copy.courses == await process.whole()


async def test_nothing_new_is_an_empty_page_at_the_same_revision(bench: Workbench):
    await bench.sync(ScriptedPartner(offerings(2)))

    page = await (await Process(bench).look()).read_changes(1, 100, None)

    assert (page.part.nodes, page.part.has_next, page.revision) == ([], False, 1)


async def test_a_process_that_is_behind_knows_nothing_newer_yet(bench: Workbench):
    partner = ScriptedPartner(offerings(5))
    await bench.sync(partner)
    ahead, behind = Process(bench), Process(bench)
    await behind.look()
    partner.lists(offerings(6))
    await bench.sync(partner)
    copy = Copy()
    first = await (await ahead.look()).read_changes(0, 2, None)

    empty = await behind.changes().read_changes(2, 100, None)
    second = await behind.changes().read_changes(0, 100, first.part.cursors[-1])

    assert (empty.part.nodes, empty.revision) == ((), 2)
    assert second.revision == 1  # what it can speak for
    for page in (first, second):
        copy.apply(page)
    copy.since = second.revision
    await copy.follow(ahead.look)
    assert copy.courses == await ahead.whole()


async def test_a_revision_that_never_was_is_refused(bench: Workbench):
    await bench.sync(ScriptedPartner(offerings(2)))

    with pytest.raises(UnknownRevisionError):
        await (await Process(bench).look()).read_changes(2, 100, None)


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "A" * 300, to_cursor(2, ChangePlace(1)), to_cursor(1, ChangePlace(1))]
)
async def test_a_cursor_of_another_list_is_refused(bench: Workbench, cursor: str):
    await bench.sync(ScriptedPartner(offerings(2)))
    changes = await Process(bench).look()

    with pytest.raises(BadCursorError):
        await changes.read_changes(0, 100, cursor)


async def test_what_is_forgotten_is_refused_and_the_rest_still_answers(bench: Workbench):
    partner = ScriptedPartner(offerings(5))
    await bench.sync(partner)
    process, suspended = Process(bench), Process(bench)
    await suspended.look()
    for count in (6, 7, 8):
        partner.lists(offerings(count))
        await bench.sync(partner)

    assert await process.feed.prune(2) == 6  # five courses of revision 1, one of revision 2
    assert await process.feed.prune(2) == 0
    changes = await process.look()

    with pytest.raises(ChangesExpiredError):
        await changes.read_changes(1, 100, None)
    assert len((await changes.read_changes(2, 100, None)).part.nodes) == 2
    assert len((await changes.read_changes(0, 100, None)).part.nodes) == 8
    assert await suspended.whole() == await process.whole()  # it reads everything instead


async def test_a_large_catalogue_is_paged_in_the_order_of_its_changes(bench: Workbench):
    partner = ScriptedPartner(offerings(3))
    await bench.sync(partner)
    partner.lists(offerings(40))
    await bench.sync(partner)
    process, copy = Process(bench), Copy(since=1)

    await copy.follow(process.look, sizes=(7,))

    assert len(copy.courses) == 37
