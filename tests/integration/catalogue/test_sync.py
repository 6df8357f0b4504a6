"""What a sync does to the catalogue, on both engines."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.base import Cursor, LeftOut, Page, Rejection, Validators
from adapters.errors import CursorExpiredError, PartnerUnavailableError
from gateway.catalogue import loops, runs
from gateway.storage import catalogue_tables as tables
from gateway.storage import sync_tables
from schema.model.catalogue import Session, UnknownTerm
from schema.model.values import RemoteId
from tests.catalogue import (
    PINTARIA,
    TOKOPEDIA,
    ScriptedPartner,
    a_partner,
    an_offering,
    offerings,
    pages,
)
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


async def test_a_killed_run_resumes_at_its_checkpoint(bench: Workbench):
    partner = ScriptedPartner(offerings(2), offerings(2, start=3), offerings(2, start=5))
    partner.fails_once(asyncio.CancelledError(), at="2")
    with pytest.raises(asyncio.CancelledError):
        await bench.sync(partner)
    partner.asked.clear()

    done = await bench.sync(partner)

    assert [cursor for cursor, _ in partner.asked] == ["2"]
    assert (done.fetched, done.added) == (6, 6)
    assert await bench.count(sync_tables.sync_run) == 1


async def test_an_old_checkpoint_is_not_resumed(bench: Workbench):
    partner = ScriptedPartner(offerings(2), offerings(2, start=3))
    partner.fails_once(asyncio.CancelledError(), at="1")
    with pytest.raises(asyncio.CancelledError):
        await bench.sync(partner)
    bench.clock.turn(days=1)
    partner.asked.clear()

    await bench.sync(partner)

    assert [cursor for cursor, _ in partner.asked] == [None, "1"]
    assert {row["outcome"] for row in await bench.rows(sync_tables.sync_run)} == {
        "ABANDONED",
        "APPLIED",
    }


async def test_an_expired_cursor_starts_the_walk_again_once(bench: Workbench):
    partner = ScriptedPartner(offerings(2), offerings(2, start=3))
    partner.fails_once(CursorExpiredError(TOKOPEDIA, "the cursor has expired"), at="1")

    done = await bench.sync(partner)

    assert (done.fetched, done.failure) == (4, None)
    assert [cursor for cursor, _ in partner.asked] == [None, "1", None, "1"]


async def test_a_cursor_that_expires_every_time_is_a_failure(bench: Workbench):
    partner = ScriptedPartner(offerings(2), offerings(2, start=3))
    for _ in range(2):
        partner.fails_once(CursorExpiredError(TOKOPEDIA, "the cursor has expired"), at="1")

    done = await bench.sync(partner)

    assert done.failure == "the cursor has expired"
    assert await bench.live_titles() == set()


async def test_a_cursor_that_leads_back_is_refused(bench: Workbench):
    partner = ScriptedPartner(offerings(2), offerings(2, start=3))
    partner.pages[Cursor("1")] = replace(partner.pages[Cursor("1")], next_cursor=Cursor("1"))

    done = await bench.sync(partner)

    assert done.failure == "its pages lead in a circle: page 2 names an earlier cursor"
    assert await bench.store.read_revision() == 0


async def test_a_page_that_comes_again_under_another_cursor_is_refused(bench: Workbench):
    same = offerings(2)

    done = await bench.sync(ScriptedPartner(same, same, same))

    assert done.failure == "its pages repeat: page 2 has come before"


async def test_a_list_without_end_is_refused(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loops, "MOST_PAGES", 3)
    endless = [offerings(1, start=n) for n in range(1, 6)]

    done = await bench.sync(ScriptedPartner(*endless))

    assert done.failure == "its list does not end: 3 pages and still more"


async def test_of_a_key_listed_twice_the_last_row_counts(bench: Workbench):
    first, last = an_offering("1", price=1), an_offering("1", price=2)

    done = await bench.sync(ScriptedPartner([first, *offerings(1, start=2)], [last]))

    assert (done.fetched, done.added, done.duplicates) == (3, 2, 1)
    fact = await bench.store.read_fact(first.id)
    assert fact is not None
    assert fact.price == last.price


async def test_bad_rows_cost_nothing_but_themselves(bench: Workbench):
    bad = Rejection(row=2, key="9\0", reason="price: not a number", raw="{'price': '\0?'}")
    page = Page(
        offerings=(an_offering("1"), an_offering("2", title="\u200b"), an_offering("3", "Lain")),
        rejections=(bad,),
        left_out=(LeftOut("7", "archived"),),
    )

    done = await bench.sync(ScriptedPartner(page))

    assert (done.fetched, done.added, done.quarantined, done.left_out) == (5, 2, 2, 1)
    assert {row.reason for row in await bench.store.read_quarantine(TOKOPEDIA)} == {
        "price: not a number",
        "has no title",
    }
    assert await bench.store.count_left_out(TOKOPEDIA) == [("archived", 1)]


async def test_an_offering_whose_row_turned_bad_stays_as_it_was(bench: Workbench):
    partner = ScriptedPartner(offerings(2))
    await bench.sync(partner)
    partner.lists(
        Page(tuple(offerings(1)), rejections=(Rejection(2, "2", "price: not a number", "{}"),))
    )

    done = await bench.sync(partner)

    assert (done.withdrawn, done.quarantined) == (0, 1)
    assert len(await bench.live_titles()) == 2


async def test_nobody_lists_in_another_partners_name(bench: Workbench):
    done = await bench.sync(ScriptedPartner([an_offering("1", partner=PINTARIA)]))

    assert (done.added, done.quarantined) == (0, 1)
    [row] = await bench.store.read_quarantine(TOKOPEDIA)
    assert "belongs to partner 'pintaria'" in row.reason


async def test_words_that_no_mapping_knows_are_counted(bench: Workbench):
    term = UnknownTerm("level", "Mahir Sekali")
    listed = [replace(each, unknown_terms=(term,)) for each in offerings(2)]

    await bench.sync(ScriptedPartner(listed))

    assert await bench.store.count_unknown_terms(TOKOPEDIA) == [(term, 2)]


async def test_a_failure_keeps_the_catalogue_and_says_since_when(bench: Workbench):
    partner = ScriptedPartner(offerings(2), offerings(2, start=3))
    await bench.sync(partner)
    good = bench.clock.moment
    partner.lists([], offerings(1))
    for _ in range(2):
        partner.fails_once(PartnerUnavailableError(TOKOPEDIA, "connection refused"), at="1")

    first = await bench.sync(partner)
    since = bench.clock.moment
    await bench.sync(partner)

    assert first.failure == "connection refused"
    assert len(await bench.live_titles()) == 4
    status = await bench.status()
    assert (status.failure, status.failing_since) == ("connection refused", since)
    assert status.fetched_at == good
    assert status.attempted_at == since + timedelta(minutes=1)


async def test_a_success_ends_the_failure(bench: Workbench):
    partner = ScriptedPartner(offerings(2))
    partner.fails_once(PartnerUnavailableError(TOKOPEDIA, "connection refused"))
    await bench.sync(partner)

    await bench.sync(partner)

    status = await bench.status()
    assert (status.failure, status.failing_since) == (None, None)


async def test_every_attempt_raises_the_partners_epoch(bench: Workbench):
    partner = ScriptedPartner(offerings(2))
    epochs = []
    for _ in range(3):
        await bench.sync(partner)
        epochs.append((await bench.status()).epoch)

    assert epochs == [1, 2, 3]


async def test_an_adapters_fault_is_recorded_and_raised(bench: Workbench):
    partner = ScriptedPartner(offerings(2))
    partner.fails_once(KeyError("title"))

    with pytest.raises(KeyError):
        await bench.sync(partner)

    assert (await bench.status()).failure == "internal error (KeyError)"


@pytest.mark.parametrize("left", [0, 7])
async def test_a_list_that_lost_too_much_is_withheld(bench: Workbench, left: int):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists(offerings(left))

    done = await bench.sync(partner)

    assert done.failure is None
    assert done.withheld == f"would withdraw {10 - left} of 10 offerings"
    assert len(await bench.live_titles()) == 10


async def test_an_operator_may_accept_a_list_that_lost_too_much(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists(offerings(1))

    done = await bench.sync(partner, accept_alarm=True)

    assert (done.withdrawn, done.withheld) == (9, None)


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


async def test_progress_is_told_page_by_page(bench: Workbench):
    told: list[tuple[int, bool]] = []
    partner = ScriptedPartner(offerings(2), offerings(2, start=3))

    await bench.sync(partner, report=lambda p: told.append((p.fetched, p.finished)))

    assert told == [(2, False), (4, False), (4, True)]


def test_pages_name_each_other():
    assert [page.next_cursor for page in pages([], [], [])] == ["1", "2", None]


async def test_old_runs_go_but_never_the_one_whose_quarantine_is_current(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runs, "KEPT_RUNS", 2)
    bad = Rejection(1, "9", "price: not a number", "{}")
    partner = ScriptedPartner(Page(tuple(offerings(2)), rejections=(bad,)))
    await bench.sync(partner)
    for _ in range(4):
        partner.fails_once(PartnerUnavailableError(TOKOPEDIA, "connection refused"))
        await bench.sync(partner)

    assert await bench.count(sync_tables.sync_run) == 3
    assert len(await bench.store.read_quarantine(TOKOPEDIA)) == 1
