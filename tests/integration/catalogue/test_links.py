"""What operators decide about courses holds, on both engines, whatever partners list later."""

import asyncio
from dataclasses import replace

import pytest

from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.links import LinkDesk
from gateway.storage import catalogue_tables as tables
from schema.model.links import LinkDecider, LinkErrorCode
from schema.model.values import CourseId, InstitutionId, OfferingId, derived_id
from schema.ports import BadCursorError, Window
from tests.catalogue import NOON, PINTARIA, TOKOPEDIA, a_partner, an_offering
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio

BARISTA = an_offering("1", "Barista untuk Pemula", "LKP Kopi Nusantara")
SAME = an_offering("A", "BARISTA utk Pemula", "Lembaga Kursus & Pelatihan Kopi Nusantara",
                   partner=PINTARIA)  # fmt: skip
OTHER = an_offering("B", "Barista Lanjutan", "LKP Kopi Nusantara", partner=PINTARIA)
TEN = Window(first=10)
BY = "rina"


@pytest.fixture
def follower(bench: Workbench) -> CatalogueFollower:
    return CatalogueFollower(bench.store, [a_partner(), a_partner(PINTARIA)], bench.clock)


async def kinds(bench: Workbench) -> dict[str, str]:
    """Return what the newest revision says became of each course."""
    newest = await bench.store.read_revision()
    rows = await bench.rows(tables.change_log)
    return {str(r["course_id"]): str(r["kind"]) for r in rows if r["revision"] == newest}


async def test_a_link_keeps_its_evidence(bench: Workbench, desk: LinkDesk):
    await bench.lists(BARISTA)
    await bench.lists(SAME)

    [link] = (await desk.read_links(TEN)).nodes

    assert link.offering_id == SAME.id
    assert link.course_id == await bench.course_of(BARISTA)
    assert link.title == SAME.listed.title
    assert (link.decided_by, link.pinned) == (LinkDecider.RULE, False)
    assert 0.85 <= link.score < 1
    assert "abbreviation: utk" in link.rules
    assert "legal form spelled otherwise: lkp" in link.rules


async def test_links_come_the_least_sure_first(bench: Workbench, desk: LinkDesk):
    slip = an_offering("B", "Latte Art untk Pemula", "LKP Kopi Nusantara", partner=PINTARIA)
    await bench.lists(BARISTA, an_offering("2", "Latte Art untuk Pemula", "LKP Kopi Nusantara"))
    await bench.lists(SAME, slip)

    first = await desk.read_links(Window(first=1))
    second = await desk.read_links(Window(first=1, after=first.cursors[0]))

    assert [link.offering_id for link in first.nodes] == [slip.id]
    assert [link.offering_id for link in second.nodes] == [SAME.id]
    assert (first.total, first.has_next, second.has_next) == (2, True, False)
    with pytest.raises(BadCursorError):
        await desk.read_links(Window(first=1, after=first.cursors[0]), LinkDecider.OPERATOR)


async def test_what_may_be_one_is_told(bench: Workbench, desk: LinkDesk):
    unsure = an_offering("A", "Barista untuk Pemulo", "LKP Kopi Nusantara", partner=PINTARIA)
    await bench.lists(BARISTA)
    await bench.lists(unsure)

    [pair] = await desk.read_likely(10)

    assert {pair.title, pair.other_title} == {BARISTA.listed.title, unsure.listed.title}
    assert pair.score < 0.85
    await desk.merge([pair.course_id, pair.other_id], BY)
    assert await desk.read_likely(10) == []


async def test_an_offering_that_is_split_off_gets_an_id_of_its_own(
    bench: Workbench, desk: LinkDesk
):
    await bench.lists(BARISTA)
    await bench.lists(SAME)
    shared = await bench.course_of(BARISTA)

    outcome = await desk.split(SAME.id, BY)

    assert outcome.kept == await bench.course_of(SAME) != shared
    assert await bench.course_of(BARISTA) == shared
    assert await kinds(bench) == {shared: "CHANGED", outcome.kept: "ADDED"}


async def test_a_split_sticks(bench: Workbench, desk: LinkDesk):
    await bench.lists(BARISTA)
    await bench.lists(SAME)
    split = (await desk.split(SAME.id, BY)).kept

    await bench.lists(replace(SAME, price=None))
    await bench.lists(replace(SAME, listed=BARISTA.listed))
    await bench.lists(replace(BARISTA, price=None))

    assert await bench.course_of(SAME) == split
    assert await bench.course_of(BARISTA) == derived_id(TOKOPEDIA, "course", "1")


async def test_the_founder_may_leave(bench: Workbench, desk: LinkDesk):
    await bench.lists(BARISTA)
    await bench.lists(SAME)
    shared = await bench.course_of(SAME)

    split = (await desk.split(BARISTA.id, BY)).kept
    await bench.lists(replace(BARISTA, price=None))
    await bench.lists(replace(SAME, price=None))

    assert await bench.course_of(SAME) == shared
    assert await bench.course_of(BARISTA) == split
    third = replace(SAME, key="C")
    await bench.lists(SAME, third)
    assert await bench.course_of(third) == shared


async def test_nothing_is_split_from_nothing(bench: Workbench, desk: LinkDesk):
    await bench.lists(BARISTA)

    [alone] = (await desk.split(BARISTA.id, BY)).errors
    [unknown] = (await desk.split(OfferingId("nobody"), BY)).errors

    assert alone.code is LinkErrorCode.NOTHING_TO_SPLIT
    assert unknown.code is LinkErrorCode.NOT_FOUND


async def test_a_confirmed_link_outweighs_a_new_name(bench: Workbench, desk: LinkDesk):
    await bench.lists(BARISTA)
    await bench.lists(SAME)
    shared = await bench.course_of(SAME)

    assert (await desk.confirm(SAME.id, BY)).kept == shared
    await bench.lists(an_offering("A", "Seduh Manual", partner=PINTARIA))

    assert await bench.course_of(SAME) == shared
    [link] = (await desk.read_links(TEN, LinkDecider.OPERATOR)).nodes
    assert link.pinned
    assert "confirmed by an operator" in link.rules


async def test_merged_courses_are_the_older_one(
    bench: Workbench, desk: LinkDesk, follower: CatalogueFollower
):
    await bench.lists(BARISTA)
    await bench.lists(OTHER)
    older, newer = await bench.course_of(BARISTA), await bench.course_of(OTHER)
    await follower.refresh()

    assert (await desk.merge([newer, older], BY)).kept == older

    assert await kinds(bench) == {older: "CHANGED", newer: "WITHDRAWN"}
    await follower.refresh()
    course = follower.reader(NOON).course(newer)
    assert course is not None
    assert course.id == older
    assert {each.key for each in course.offerings} == {"1", "B"}


async def test_a_merge_sticks_for_its_names(bench: Workbench, desk: LinkDesk):
    await bench.lists(BARISTA)
    await bench.lists(OTHER)
    older, newer = await bench.course_of(BARISTA), await bench.course_of(OTHER)
    await desk.merge([older, newer], BY)

    again = replace(OTHER, key="C")
    await bench.lists(replace(OTHER, price=None), again)

    assert await bench.course_of(OTHER) == older
    assert await bench.course_of(again) == older


async def test_a_link_goes_when_the_offering_does(bench: Workbench, desk: LinkDesk):
    await bench.lists(BARISTA)
    await bench.lists(OTHER)
    await desk.merge([await bench.course_of(BARISTA), await bench.course_of(OTHER)], BY)

    await bench.lists(an_offering("B", "Latte Art", "LKP Kopi Nusantara", partner=PINTARIA))

    assert (await desk.read_links(TEN)).nodes == []


async def test_redirects_never_chain(bench: Workbench, desk: LinkDesk, follower: CatalogueFollower):
    third = an_offering("C", "Seduh Manual", "LKP Kopi Nusantara", partner=PINTARIA)
    await bench.lists(BARISTA)
    await bench.lists(OTHER, third)
    first, *others = [await bench.course_of(each) for each in (BARISTA, OTHER, third)]
    ids = sorted(others)

    await desk.merge(ids, BY)
    await desk.merge([first, ids[1]], BY)  # an id that redirects stands for where it leads

    await follower.refresh()
    reader = follower.reader(NOON)
    for each in ids:
        course = reader.course(each)
        assert course is not None
        assert course.id == first
    assert {row["new_id"] for row in await bench.rows(tables.redirect)} == {first}


async def test_one_course_is_not_merged_with_itself(bench: Workbench, desk: LinkDesk):
    await bench.lists(BARISTA)
    course = await bench.course_of(BARISTA)

    [alone] = (await desk.merge([course, course], BY)).errors
    [unknown] = (await desk.merge([course, CourseId("nothing")], BY)).errors

    assert alone.code is LinkErrorCode.NOTHING_TO_MERGE
    assert unknown.code is LinkErrorCode.NOT_FOUND


async def test_nothing_cannot_be_merged(desk: LinkDesk):
    [no_course] = (await desk.merge([], BY)).errors
    [no_institution] = (await desk.merge_institutions([], BY)).errors

    assert no_course.code is LinkErrorCode.NOTHING_TO_MERGE
    assert no_institution.code is LinkErrorCode.NOTHING_TO_MERGE


async def test_what_was_split_can_be_merged_again(bench: Workbench, desk: LinkDesk):
    await bench.lists(BARISTA)
    await bench.lists(SAME)
    shared = await bench.course_of(BARISTA)
    split = (await desk.split(SAME.id, BY)).kept or ""

    assert (await desk.merge([CourseId(split), shared], BY)).kept == shared
    await bench.lists(replace(SAME, price=None))

    assert await bench.course_of(SAME) == shared
    assert (await desk.split(SAME.id, BY)).kept not in {shared, split, None}


async def test_merged_institutions_share_their_courses(
    bench: Workbench, desk: LinkDesk, follower: CatalogueFollower
):
    theirs = an_offering("A", "Barista untuk Pemula", "Kopi Nusa Raya", partner=PINTARIA)
    alone = an_offering("B", "Seduh Manual", "Kopi Nusa Raya", partner=PINTARIA)
    await bench.lists(BARISTA)
    await bench.lists(theirs, alone)
    await follower.refresh()
    reader = follower.reader(NOON)
    kept, old = (reader.course_of(each.id).institution.id for each in (BARISTA, alone))

    assert (await desk.merge_institutions([old, kept], BY)).kept == kept

    assert await bench.course_of(theirs) == await bench.course_of(BARISTA)
    await follower.refresh()
    reader = follower.reader(NOON)
    assert reader.course_of(alone.id).institution.id == kept
    found = reader.institution(InstitutionId(old))
    assert found is not None
    assert found.id == kept
    late = an_offering("C", "Latte Art", "KOPI NUSA RAYA", partner=PINTARIA)
    await bench.lists(theirs, alone, late)
    await follower.refresh()
    assert follower.reader(NOON).course_of(late.id).institution.id == kept


async def test_two_titles_of_one_shelf_are_no_slips_of_each_other(bench: Workbench):
    near = an_offering("2", "Barista untuk Pemla", "LKP Kopi Nusantara")

    await bench.lists(BARISTA, near)

    assert await bench.course_of(near) != await bench.course_of(BARISTA)


async def test_unchanged_rows_are_not_looked_at(bench: Workbench):
    await bench.lists(BARISTA)
    await bench.lists(SAME)
    before = await bench.rows(tables.course_spelling), await bench.rows(tables.course_link)

    await bench.lists(SAME)
    await bench.lists(SAME, OTHER)

    spellings = await bench.rows(tables.course_spelling)
    assert len(spellings) == len(before[0]) + 1
    assert await bench.rows(tables.course_link) == before[1]


async def test_partners_that_come_at_once_found_each_course_once(bench: Workbench):
    words = ["Barista", "Menjahit", "Akuntansi", "Fotografi", "Perkantoran", "Kewirausahaan"]
    ours = [an_offering(word, f"{word} untuk Pemula", "LKP Karya Ibu") for word in words]
    theirs = [
        an_offering(word, f"{word.upper()} utk Pemula", "Lembaga Kursus dan Pelatihan Karya Ibu",
                    partner=PINTARIA)
        for word in words
    ]  # fmt: skip

    await asyncio.gather(bench.lists(*ours), bench.lists(*theirs[::-1]))

    assert await bench.count(tables.course) == len(words)
    assert await bench.count(tables.institution) == 1
