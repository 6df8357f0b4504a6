"""What is stored is recognised as if it were all read for the first time."""

import asyncio
from dataclasses import replace

import pytest

from gateway.catalogue import recognition
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.links import LinkDesk
from gateway.catalogue.recognition import Recognised, Recognition
from gateway.storage import catalogue_tables as tables
from gateway.storage.leases import Leases
from schema.model.values import CourseId, Money, derived_id
from schema.ports import Window
from tests.catalogue import NOON, PINTARIA, a_partner, an_offering
from tests.databases import SqliteTemplates
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.recognising import (
    BARISTA,
    OTHER,
    SAME,
    SPELLED,
    everything,
    lists_all,
    on_sqlite,
    partition,
    rules_that_join_nothing,
    shelves,
)

pytestmark = pytest.mark.anyio


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
        await bench.recogniser().keep_up()
    apart = await partition(bench)

    done = await bench.recogniser().keep_up()

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
