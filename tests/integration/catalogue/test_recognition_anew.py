"""What is stored is recognised as if it were all read for the first time; decisions stand."""

import asyncio
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations

import pytest
from sqlalchemy import delete, insert

from adapters.sandbox.generator import generate
from gateway.catalogue import courses_anew, institutions_anew, recognition, spellings
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.identity.choosing import Choice
from gateway.catalogue.identity.scores import Likeness
from gateway.catalogue.links import LinkDesk
from gateway.catalogue.recognition import Recognised, Recognition
from gateway.storage import catalogue_tables as tables
from gateway.storage.leases import Leases
from schema.model.blocks import BlockScope
from schema.model.catalogue import Offering
from schema.model.values import CourseId, Money, PartnerCode, derived_id
from schema.ports import Window
from tests.catalogue import NOON, PINTARIA, ScriptedPartner, a_partner, an_offering
from tests.databases import SqliteTemplates
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("catalogue_db", ["sqlite"], indirect=True)  # its SQL is plain

KOPI, SPELLED = "LKP Kopi Nusantara", "Lembaga Kursus & Pelatihan Kopi Nusantara"
BARISTA = an_offering("1", "Barista untuk Pemula", KOPI)
SAME = an_offering("A", "BARISTA utk Pemula", SPELLED, partner=PINTARIA)
OTHER = an_offering("B", "Seduh Manual", SPELLED, partner=PINTARIA)
BUKALAPAK = PartnerCode("bukalapak")
BY = "rina"


def recogniser(bench: Workbench) -> Recognition:
    leases = Leases(bench.database, bench.clock)
    return Recognition(bench.database, leases, lambda: bench.clock.turn(minutes=1))


@pytest.fixture
def recognising(bench: Workbench) -> Recognition:
    return recogniser(bench)


@contextmanager
def rules_that_join_nothing() -> Iterator[None]:
    """Let every name be one of its own, whoever looks at it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spellings, "choose", lambda new, near, compare: Choice(new.target))
        patch.setattr(courses_anew, "compare_titles", _none)
        patch.setattr(institutions_anew, "compare_institutions", _none)
        patch.setattr(recognition, "rules_digest", lambda: "join nothing")
        yield


def _none(*_: object) -> Likeness | None:
    return None


async def partition(bench: Workbench) -> set[frozenset[str]]:
    """Return which offerings are one course, whatever its id."""
    courses: dict[object, set[str]] = {}
    for row in await bench.rows(tables.offering):
        courses.setdefault(row["course_id"], set()).add(str(row["id"]))
    return {frozenset(each) for each in courses.values()}


async def lists_all(bench: Workbench, listed: list[list[Offering]]) -> None:
    for shelf in listed:
        done = await bench.sync(
            ScriptedPartner(shelf), a_partner(shelf[0].partner), accept_alarm=True
        )
        assert done.failure is None


async def forget(bench: Workbench) -> None:
    for table in reversed(tables.CATALOGUE.sorted_tables):
        if table not in (tables.revision, tables.block_state):
            await bench.database.write(lambda c, table=table: c.execute(delete(table)) and None)


async def everything(bench: Workbench) -> dict[str, Sequence[object]]:
    names = ("offering", "course", "institution", "institution_spelling", "course_spelling",
             "course_link", "redirect", "change_log", "revision")  # fmt: skip
    return {name: await bench.rows(getattr(tables, name)) for name in names}


def shelves(seed: int, courses: Container[int], *codes: str) -> list[list[Offering]]:
    """Return what some sandbox partners list of some courses, spelled carelessly."""
    found = generate(seed, noise=True)
    return [
        [
            an_offering(row.key, row.title, row.institution, partner=PartnerCode(code))
            for row in found[PartnerCode(code)]
            if row.course in courses
        ]
        for code in codes
    ]


async def test_the_order_of_partners_does_not_change_which_courses_are_one(
    sqlite_templates: SqliteTemplates,
):
    found = []
    between = {*range(180, 260), *range(920, 980)}  # with names that stand between two others
    listed = shelves(2020, between, "tokopedia", "bina_bumn", "sekolahmu")
    for order in (listed, listed[::-1]):
        bench = Workbench(sqlite_templates.open("catalogue"))
        await lists_all(bench, order)
        found.append(await partition(bench))
        bench.database.close()

    assert found[0] == found[1]
    assert any(len(each) > 2 for each in found[0])


async def test_who_comes_between_two_spellings_brings_their_courses_together(bench: Workbench):
    first = an_offering("1", "Belajar Hidroponk Rumahan", KOPI)
    second = an_offering("A", "Belajar Hidroponik Rumahann", SPELLED, partner=PINTARIA)
    between = an_offering("x", "Belajar Hidroponik Rumahan", KOPI, partner=BUKALAPAK)
    await bench.lists(first)
    await bench.lists(second)
    apart = [await bench.course_of(each) for each in (first, second)]

    await bench.lists(between)

    assert len(set(apart)) == 2
    assert await partition(bench) == {frozenset({first.id, second.id, between.id})}
    assert [await bench.course_of(each) for each in (first, second)] == [apart[0]] * 2
    assert await bench.store.read_revision() == 3
    log = [row for row in await bench.rows(tables.change_log) if row["revision"] == 3]
    assert {row["course_id"]: row["kind"] for row in log} == {
        apart[0]: "CHANGED", apart[1]: "WITHDRAWN"
    }  # fmt: skip
    [redirect] = await bench.rows(tables.redirect)
    assert (redirect["old_id"], redirect["new_id"]) == (apart[1], apart[0])


@on_sqlite
async def test_whoever_lists_two_titles_sells_two_courses(bench: Workbench):
    theirs = an_offering("A", "Kelas Baristaa Dasar", KOPI, partner=PINTARIA)
    titles = ("Kelas Barista Dasar", "Kelas Baristaa Dasar")
    ours = [an_offering(title, title, KOPI) for title in titles]

    for order in permutations([[theirs], ours]):
        for shelf in order:
            await bench.lists(*shelf)
        assert await bench.course_of(ours[0]) != await bench.course_of(ours[1])
        assert await bench.course_of(ours[1]) == await bench.course_of(theirs)
        await forget(bench)


@on_sqlite
async def test_with_the_same_rules_nothing_is_written(bench: Workbench, recognising: Recognition):
    for shelf in ([BARISTA, an_offering("2", "Las Listrik", "BLK Bandung")], [SAME, OTHER]):
        await bench.lists(*shelf)
    before = await everything(bench)

    first, second = await recognising.keep_up(), await recognising.keep_up()
    by_hand = await recognising.anew()

    assert (first, second, by_hand) == (Recognised(2, 0), None, Recognised(2, 0))
    assert await everything(bench) == before


async def test_better_rules_reach_what_stood(sqlite_templates: SqliteTemplates):
    listed = shelves(7, range(600, 900), "bukalapak", "bina_bumn", "sisnaker")
    benches = [Workbench(sqlite_templates.open("catalogue")) for _ in range(2)]
    bench, other = benches
    with rules_that_join_nothing():
        await lists_all(bench, listed)
        await recogniser(bench).keep_up()
    apart = await partition(bench)

    done = await recogniser(bench).keep_up()

    await lists_all(other, listed)
    anew = await partition(other)
    assert done is not None
    assert done.courses > 0
    assert await partition(bench) == anew != apart
    repriced = [[replace(each, price=Money(1)) for each in shelf] for shelf in listed]
    await lists_all(bench, repriced)
    assert await partition(bench) == anew
    for each in benches:
        each.database.close()


async def test_ids_that_are_merged_redirect_and_the_elder_stays(
    bench: Workbench, desk: LinkDesk, recognising: Recognition
):
    with rules_that_join_nothing():
        await bench.lists(BARISTA)
        await bench.lists(SAME, OTHER)
    kept, merged = await bench.course_of(BARISTA), await bench.course_of(SAME)
    alone = await bench.course_of(OTHER)
    since = await bench.store.read_revision()
    giver = {row["id"]: row["institution_id"] for row in await bench.rows(tables.course)}

    await recognising.keep_up()

    assert await bench.course_of(SAME) == await bench.course_of(BARISTA) == kept
    assert await bench.course_of(OTHER) == alone
    redirects = {row["old_id"]: row["new_id"] for row in await bench.rows(tables.redirect)}
    assert redirects == {merged: kept, giver[merged]: giver[kept]}
    log = [row for row in await bench.rows(tables.change_log) if row["revision"] > since]
    assert {row["course_id"]: row["kind"] for row in log} == {
        kept: "CHANGED", merged: "WITHDRAWN", alone: "CHANGED"
    }  # fmt: skip
    follower = CatalogueFollower(bench.store, [a_partner(), a_partner(PINTARIA)], bench.clock)
    await follower.refresh()
    course = follower.reader(NOON).course(CourseId(merged))
    assert course is not None
    assert (course.id, len(course.offerings)) == (kept, 2)
    [link] = (await desk.read_links(Window(first=10))).nodes
    assert "abbreviation: utk" in link.rules
    assert "legal form spelled otherwise: lkp" in link.rules


async def test_stricter_rules_part_what_they_had_joined(bench: Workbench, recognising: Recognition):
    await bench.lists(BARISTA)
    await bench.lists(SAME, OTHER)
    shared = await bench.course_of(SAME)

    with rules_that_join_nothing():
        await recognising.keep_up()
        parted = await bench.course_of(SAME)
        await bench.lists(SAME, OTHER, an_offering("C", SAME.listed.title, SPELLED, PINTARIA))
    await recognising.keep_up()

    assert parted == derived_id(PINTARIA, "course", "A") != shared
    assert await bench.course_of(SAME) == shared
    assert await partition(bench) >= {frozenset({OTHER.id})}


@on_sqlite
@pytest.mark.parametrize("are_stricter", [True, False])
async def test_what_operators_decide_stands(
    bench: Workbench, desk: LinkDesk, recognising: Recognition, are_stricter: bool
):
    third = an_offering("x", "Barista untk Pemula", KOPI, partner=BUKALAPAK)
    apart = an_offering("C", "Latte Art", "Seduh Raya", partner=PINTARIA)
    ours = an_offering("2", "Seduh Manual", KOPI)
    await bench.lists(BARISTA, ours)
    await bench.lists(SAME, OTHER, apart)
    await bench.lists(third)
    split = (await desk.split(third.id, BY)).kept
    await desk.confirm(SAME.id, BY)
    await desk.merge([await bench.course_of(ours), await bench.course_of(apart)], BY)
    decided = await partition(bench)
    before = await everything(bench)

    if are_stricter:
        with rules_that_join_nothing():
            await recognising.keep_up()
    else:
        await recognising.keep_up()

    assert await bench.course_of(third) == split
    assert await bench.course_of(SAME) == await bench.course_of(BARISTA)
    assert await bench.course_of(apart) == await bench.course_of(ours)
    if not are_stricter:
        assert await partition(bench) == decided
        assert await everything(bench) == before


@on_sqlite
async def test_an_institution_that_was_split_off_stays_so(
    bench: Workbench, desk: LinkDesk, recognising: Recognition
):
    await bench.lists(BARISTA)
    await bench.lists(SAME, OTHER)
    [giver] = {row["institution_id"] for row in await bench.rows(tables.course)}
    await desk.split_institution(giver, SPELLED, BY)
    decided, before = await partition(bench), await everything(bench)

    await recognising.keep_up()
    with rules_that_join_nothing():
        await recognising.keep_up()
    await recognising.keep_up()

    assert await partition(bench) == decided
    assert (await everything(bench))["course"] == before["course"]


@on_sqlite
async def test_nothing_leaves_a_block_by_a_rule(bench: Workbench, recognising: Recognition):
    await bench.lists(BARISTA)
    await bench.lists(SAME)
    blocked = [
        {"id": 1, "scope": BlockScope.COURSE, "value": await bench.course_of(BARISTA)},
    ]
    await bench.database.write(lambda c: c.execute(insert(tables.block), blocked) and None)

    with rules_that_join_nothing():
        await recognising.keep_up()

    assert await bench.course_of(SAME) == await bench.course_of(BARISTA)


async def test_recognising_goes_on_where_it_was_stopped(
    bench: Workbench, recognising: Recognition, monkeypatch: pytest.MonkeyPatch
):
    names = ("Kopi Nusantara", "Batik Jaya", "Maju Bersama")
    with rules_that_join_nothing():
        await bench.lists(*(an_offering(n, "Barista untuk Pemula", n) for n in names))
        await bench.lists(
            *(an_offering(n, "Barista utk Pemula", n, partner=PINTARIA) for n in names)
        )
    monkeypatch.setattr(recognition, "AT_ONCE", 1)
    looked_at, regroup = [], recognition.regroup

    def failing(connection, scopes, now, **how):
        if len(looked_at) == 2:
            looked_at.append("killed")
            raise asyncio.CancelledError
        looked_at.extend(scopes)
        return regroup(connection, scopes, now, **how)

    monkeypatch.setattr(recognition, "regroup", failing)

    with pytest.raises(asyncio.CancelledError):
        await recognising.keep_up()
    assert await bench.count(tables.course) == 6
    assert await recognising.is_under_way()
    done = await recognising.keep_up()

    assert done is not None
    assert done.institutions == 1
    assert sorted(set(looked_at)) == sorted(
        ["killed", *(str(row["id"]) for row in await bench.rows(tables.institution))]
    )
    assert len(looked_at) == 4
    assert {len(each) for each in await partition(bench)} == {2}
    assert await recognising.keep_up() is None
    assert not await recognising.is_under_way()


@on_sqlite
async def test_one_process_recognises_at_a_time(bench: Workbench, recognising: Recognition):
    async with Leases(bench.database, bench.clock).held("recognition"):
        assert await recognising.anew() is None
        assert await recognising.keep_up() is None
