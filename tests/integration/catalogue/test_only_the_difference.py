"""A sync writes what has changed since the last one, and nothing else."""

import asyncio

import pytest

from adapters.base import Page, Validators
from gateway.storage import catalogue_tables as tables
from gateway.storage import sync_tables
from schema.model.catalogue import Session
from schema.model.values import RemoteId
from tests.catalogue import TOKOPEDIA, ScriptedPartner, a_partner, an_offering, offerings
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio


async def test_a_first_list_is_all_new(bench: Workbench):
    partner = ScriptedPartner(offerings(3), offerings(2, start=4))

    done = await bench.sync(partner)

    assert (done.fetched, done.added, done.finished, done.failure) == (5, 5, True, None)
    assert await bench.store.read_revision() == 1
    assert await bench.live_titles() == {f"Kursus Nomor {n}" for n in range(1, 6)}


async def test_only_the_difference_is_written(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    before = {row["id"]: row for row in await bench.rows(tables.offering)}
    changed = an_offering("2", "Kursus Nomor 2", price=1)
    partner.lists([offerings(1)[0], changed, *offerings(7, start=3), an_offering("11", "Baru")])

    done = await bench.sync(partner)

    assert (done.added, done.changed, done.unchanged, done.withdrawn) == (1, 1, 8, 1)
    after = {row["id"]: row for row in await bench.rows(tables.offering)}
    rewritten = {after[i]["key"] for i in before if after[i] != before[i]}
    assert rewritten == {"2", "10"}
    assert after.keys() - before.keys() == {an_offering("11").id}


async def test_the_same_list_again_writes_nothing(bench: Workbench):
    partner = ScriptedPartner(offerings(3))
    await bench.sync(partner)
    stood = [await bench.rows(t) for t in (tables.offering, tables.course, tables.institution)]

    done = await bench.sync(partner)

    assert (done.unchanged, done.added, done.changed) == (3, 0, 0)
    now = [await bench.rows(t) for t in (tables.offering, tables.course, tables.institution)]
    assert now == stood
    assert await bench.store.read_revision() == 1
    assert (await bench.status()).fetched_at == bench.clock.moment


async def test_staging_is_empty_when_a_run_has_ended(bench: Workbench):
    await bench.sync(ScriptedPartner(offerings(3), offerings(1, start=4)))

    assert await bench.count(sync_tables.staged_offering) == 0
    assert await bench.count(sync_tables.staged_page) == 0


async def test_an_unchanged_row_leaves_only_its_digest_in_staging(bench: Workbench):
    partner = ScriptedPartner(offerings(2), offerings(1, start=3))
    await bench.sync(partner)
    partner.fails_once(asyncio.CancelledError(), at="1")

    with pytest.raises(asyncio.CancelledError):
        await bench.sync(partner)

    assert [row["payload"] for row in await bench.rows(sync_tables.staged_offering)] == [None, None]


async def test_the_change_log_says_what_became_of_each_course(bench: Workbench):
    partner = ScriptedPartner(offerings(9))
    await bench.sync(partner)
    course_of = {row["key"]: row["course_id"] for row in await bench.rows(tables.offering)}
    partner.lists([an_offering("1", "Kursus Nomor 1", price=1), *offerings(7, start=2)])

    await bench.sync(partner)

    log = [row for row in await bench.rows(tables.change_log) if row["revision"] == 2]
    assert {(row["course_id"], row["kind"]) for row in log} == {
        (course_of["1"], "CHANGED"),
        (course_of["9"], "WITHDRAWN"),
    }


async def test_not_modified_moves_the_clock_and_nothing_else(bench: Workbench):
    etag = Validators(etag='"1"')
    partner = ScriptedPartner(Page(tuple(offerings(2)), validators=etag))
    await bench.sync(partner)
    partner.modified = lambda known: known != etag

    done = await bench.sync(partner)

    assert (done.not_modified, done.failure) == (True, None)
    assert await bench.store.read_revision() == 1
    assert (await bench.status()).fetched_at == bench.clock.moment
    assert len(await bench.live_titles()) == 2


async def test_a_changed_mapping_asks_for_the_list_again(bench: Workbench):
    partner = ScriptedPartner(Page(tuple(offerings(2)), validators=Validators(etag='"1"')))
    await bench.sync(partner)

    await bench.sync(partner, a_partner(options={"mapping": {"title": "name"}}))

    assert partner.asked[-1] == (None, None)


async def test_an_empty_first_list_is_an_empty_catalogue(bench: Workbench):
    done = await bench.sync(ScriptedPartner([]))

    assert (done.failure, done.finished) == (None, True)


async def test_a_withdrawn_offering_stays_as_a_tombstone(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    gone = offerings(1, start=10)[0]
    partner.lists(offerings(9))
    await bench.sync(partner)

    fact = await bench.store.read_fact(gone.id)

    assert fact is not None
    assert fact.withdrawn
    assert fact.offering.listed.title == gone.listed.title


async def test_an_offering_that_comes_back_is_live_again(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists(offerings(9))
    await bench.sync(partner)
    partner.lists(offerings(10))

    done = await bench.sync(partner)

    assert (done.added, done.unchanged) == (1, 9)
    fact = await bench.store.read_fact(offerings(1, start=10)[0].id)
    assert fact is not None
    assert not fact.withdrawn


async def test_sessions_that_come_apart_are_joined(bench: Workbench):
    session = Session(TOKOPEDIA, RemoteId("s1"), capacity=20)
    orphan = Session(TOKOPEDIA, RemoteId("s2"))
    partner = ScriptedPartner(
        Page(sessions=((RemoteId("1"), session), (RemoteId("nowhere"), orphan))),
        [an_offering("1")],
    )

    for _ in range(2):
        done = await bench.sync(partner)

    assert (done.fetched, done.unchanged, done.quarantined) == (3, 1, 1)
    fact = await bench.store.read_fact(an_offering("1").id)
    assert fact is not None
    assert fact.offering.sessions == (session,)
