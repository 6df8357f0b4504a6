"""An institution that was wrongly joined is split again, on both engines, and stays so."""

from dataclasses import replace

import pytest

from gateway.catalogue.decision_log import DecisionLog
from gateway.catalogue.drafts import institution_id
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.links import LinkDesk
from schema.model.decisions import CatalogueDecisionKind as Kind
from schema.model.links import LinkErrorCode
from schema.model.values import CourseId, InstitutionId
from schema.ports import BadCursorError, Window
from tests.catalogue import PINTARIA, TOKOPEDIA, a_partner, an_offering
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio

BY = "rina"
KOPI, SPELLED = "LKP Kopi Nusantara", "Lembaga Kursus dan Pelatihan Kopi Nusantara"
KEPT, NEW = institution_id(KOPI), institution_id(SPELLED)
BARISTA = an_offering("1", "Barista untuk Pemula", KOPI)
SAME = an_offering("A", "BARISTA utk Pemula", SPELLED, partner=PINTARIA)
ALONE = an_offering("B", "Latte Art", SPELLED, partner=PINTARIA)


@pytest.fixture
async def joined(bench: Workbench, desk: LinkDesk) -> CourseId:
    """Two spellings that a rule has taken for one institution; the course that they share."""
    await bench.lists(BARISTA)
    await bench.lists(SAME, ALONE)
    shared = await bench.course_of(BARISTA)
    assert await bench.course_of(SAME) == shared
    return shared


async def institution_of(bench: Workbench, offering) -> InstitutionId | None:
    fact = await bench.store.read_fact(offering.id)
    assert fact is not None
    return fact.institution_id


async def test_what_is_listed_under_the_name_leaves_with_it(
    bench: Workbench, desk: LinkDesk, joined: CourseId
):
    alone = await bench.course_of(ALONE)
    named = await desk.read_spellings(KEPT) or ()
    assert [(each.name, each.is_own) for each in named] == [(KOPI, True), (SPELLED, False)]

    outcome = await desk.split_institution(KEPT, SPELLED, BY)

    assert outcome.kept == NEW
    assert await bench.course_of(BARISTA) == joined  # who stays keeps the shared course's id
    assert await bench.course_of(SAME) not in {joined, alone}
    assert await bench.course_of(ALONE) == alone  # nobody else listed it
    found = [await institution_of(bench, each) for each in (BARISTA, SAME, ALONE)]
    assert found == [KEPT, NEW, NEW]


async def test_the_split_sticks_whatever_is_listed_later(
    bench: Workbench, desk: LinkDesk, joined: CourseId
):
    manual = replace(SAME, listed=replace(SAME.listed, title="Manual Brew"))
    await bench.lists(manual, ALONE)  # its former title is still known
    await desk.split_institution(KEPT, SPELLED, BY)
    split, alone = await bench.course_of(SAME), await bench.course_of(ALONE)
    latte = an_offering("2", "Latte Art", KOPI)
    fresh = an_offering("C", "Roasting", SPELLED, partner=PINTARIA)

    await bench.lists(replace(BARISTA, price=None), latte)
    await bench.lists(replace(manual, price=None), replace(ALONE, price=None), fresh)

    assert await bench.course_of(BARISTA) == joined
    assert [await bench.course_of(each) for each in (SAME, ALONE)] == [split, alone]
    assert await bench.course_of(latte) not in {joined, split, alone}
    found = [await institution_of(bench, each) for each in (BARISTA, latte, SAME, ALONE, fresh)]
    assert found == [KEPT, KEPT, NEW, NEW, NEW]
    await bench.lists(SAME, ALONE, fresh)
    assert (await institution_of(bench, SAME), await bench.course_of(SAME)) == (NEW, split)


async def test_a_course_that_went_whole_is_not_joined_by_its_former_name(
    bench: Workbench, desk: LinkDesk, joined: CourseId
):
    moved = replace(BARISTA, listed=replace(BARISTA.listed, title="Manual Brew"))
    await bench.lists(moved)
    await desk.split_institution(KEPT, SPELLED, BY)
    assert (await bench.course_of(SAME), await institution_of(bench, SAME)) == (joined, NEW)

    again = an_offering("3", BARISTA.listed.title, KOPI)
    await bench.lists(moved, again)

    assert await bench.course_of(again) != joined
    assert await institution_of(bench, again) == KEPT


async def test_what_an_operator_merged_can_be_split_again(bench: Workbench, desk: LinkDesk):
    other = an_offering("Z", "Barista untuk Pemula", "Rumah Kopi", partner=PINTARIA)
    await bench.lists(BARISTA)
    await bench.lists(other)
    rumah = institution_id("Rumah Kopi")
    assert (await desk.merge_institutions([KEPT, rumah], BY)).kept == KEPT

    outcome = await desk.split_institution(rumah, "RUMAH  KOPI", BY)  # its id leads to the other

    assert outcome.kept == rumah
    assert await institution_of(bench, other) == rumah
    follower = CatalogueFollower(bench.store, [a_partner(), a_partner(PINTARIA)], bench.clock)
    await follower.refresh()
    reader = follower.reader(bench.clock())
    named = [reader.institution(each) for each in (KEPT, rumah)]
    assert [each.name for each in named if each] == [KOPI, "Rumah Kopi"]
    for institution, seller in ((KEPT, TOKOPEDIA), (rumah, PINTARIA)):
        courses = reader.institution_courses(institution, Window(first=9)).nodes
        assert [sold.partner for each in courses for sold in each.offerings] == [seller]


async def test_what_an_operator_pinned_stays_and_decisions_are_kept(
    bench: Workbench, desk: LinkDesk, joined: CourseId
):
    log = DecisionLog(bench.database)
    await desk.confirm(SAME.id, "budi")
    await desk.split_institution(KEPT, SPELLED, BY)

    newest = await log.read_decisions(Window(first=1))
    older = await log.read_decisions(Window(first=1, after=newest.cursors[0]))

    assert await bench.course_of(SAME) == joined
    assert await institution_of(bench, ALONE) == NEW
    [split], [kept] = newest.nodes, older.nodes
    assert (split.kind, split.targets, split.by) == (Kind.INSTITUTION_SPLIT, (KEPT,), BY)
    assert (split.outcome, split.about) == (NEW, SPELLED)
    assert (kept.kind, kept.by, kept.outcome) == (Kind.LINK_CONFIRMED, "budi", joined)
    assert (newest.has_next, older.has_next, older.total) == (True, False, 2)
    with pytest.raises(BadCursorError):
        await log.read_decisions(Window(first=1, after="x"))


async def test_nothing_else_is_split(bench: Workbench, desk: LinkDesk, joined: CourseId):
    before = await bench.store.read_revision()

    for institution, name, code in (
        (KEPT, KOPI, LinkErrorCode.NOTHING_TO_SPLIT),  # its own name
        (KEPT, "Rumah Kopi", LinkErrorCode.NOT_FOUND),
        (KEPT, " ", LinkErrorCode.NOT_FOUND),
        (InstitutionId("nobody"), SPELLED, LinkErrorCode.NOT_FOUND),
    ):
        [error] = (await desk.split_institution(institution, name, BY)).errors
        assert error.code is code
    assert await bench.store.read_revision() == before
    assert await desk.read_spellings(InstitutionId("nobody")) is None
    assert (await DecisionLog(bench.database).read_decisions(Window(first=9))).total == 0
