"""A sync walks a partner's pages: to their end, once each, going on where it was killed."""

import asyncio
from dataclasses import replace

import pytest

from adapters.base import Cursor
from adapters.errors import CursorExpiredError
from gateway.catalogue import loops
from gateway.storage import sync_tables
from tests.catalogue import TOKOPEDIA, ScriptedPartner, offerings, pages
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio


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


async def test_progress_is_told_page_by_page(bench: Workbench):
    told: list[tuple[int, bool]] = []
    partner = ScriptedPartner(offerings(2), offerings(2, start=3))

    await bench.sync(partner, report=lambda p: told.append((p.fetched, p.finished)))

    assert told == [(2, False), (4, False), (4, True)]


def test_pages_name_each_other():
    assert [page.next_cursor for page in pages([], [], [])] == ["1", "2", None]
