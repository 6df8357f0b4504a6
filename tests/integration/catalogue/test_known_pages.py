"""A list of several pages is not read again while every one of them is as it was."""

from dataclasses import replace

import pytest

from adapters.addresses import THIS_MACHINE
from adapters.base import Cursor, Page, PartnerSettings, Validators
from adapters.errors import CursorExpiredError, PartnerUnavailableError
from adapters.registry import build_adapter
from gateway.catalogue import known_pages
from gateway.storage import sync_tables
from tests.catalogue import TOKOPEDIA, ScriptedPartner, a_partner, offerings
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.files import COURSES, FileServer, file_server

__all__ = ["file_server"]
pytestmark = pytest.mark.anyio
on_sqlite = pytest.mark.parametrize("catalogue_db", ["sqlite"], indirect=True)  # its SQL is plain


class PagesWithETags(ScriptedPartner):
    """A partner of three pages, each of which has an edition; `changed` are those of another."""

    def __init__(self, *told: bool | None) -> None:
        super().__init__(*(offerings(2, start=n) for n in (1, 3, 5)))
        self.editions = dict.fromkeys(self.pages, 1)
        for cursor, is_told in zip(self.pages, told or (True, True, True), strict=True):
            etag = {True: Validators(etag=f"{cursor} 1"), False: Validators(), None: None}[is_told]
            self.pages[cursor] = replace(self.pages[cursor], validators=etag)

    def changes(self, at: str | None, page: Page) -> None:
        cursor = Cursor(at) if at else None
        self.editions[cursor] += 1
        etag = Validators(etag=f"{cursor} {self.editions[cursor]}")
        following = self.pages[cursor].next_cursor
        self.pages[cursor] = replace(page, next_cursor=following, validators=etag)

    async def __call__(self, code, cursor, known):
        self.modified = lambda told: told is None or told != self.pages[cursor].validators
        return await super().__call__(code, cursor, known)


async def synced(bench: Workbench, partner: PagesWithETags, **config) -> list[str | None]:
    """Sync again; return the cursors that were asked for, those asked conditionally marked."""
    partner.asked.clear()
    done = await bench.sync(partner, a_partner(**config))
    assert done.failure is None
    return [f"{cursor}?" if known else cursor for cursor, known in partner.asked]


async def test_every_page_is_asked_by_what_it_was(bench: Workbench):
    partner = PagesWithETags()
    await bench.sync(partner)

    partner.asked.clear()
    done = await bench.sync(partner)

    assert partner.asked == [(each, page.validators) for each, page in partner.pages.items()]
    assert (done.not_modified, await bench.store.read_revision()) == (True, 1)
    assert (await bench.status()).fetched_at == bench.clock.moment
    assert len(await bench.live_titles()) == 6


@on_sqlite
@pytest.mark.parametrize(
    ("at", "asked"),
    [
        pytest.param(None, ["None?", "1", "2"], id="first"),
        pytest.param("1", ["None?", "1?", None, "1", "2"], id="second"),
        pytest.param("2", ["None?", "1?", "2?", None, "1", "2"], id="last"),
    ],
)
async def test_one_page_that_has_changed_has_the_whole_list_read(
    bench: Workbench, at: str | None, asked: list[str | None]
):
    partner = PagesWithETags()
    await bench.sync(partner)
    start = {None: 1, "1": 3, "2": 5}[at]
    partner.changes(at, Page((*offerings(2, start=start), *offerings(1, start=7))))

    assert await synced(bench, partner) == asked

    assert len(await bench.live_titles()) == 7
    assert await synced(bench, partner) == ["None?", "1?", "2?"]


@on_sqlite
async def test_a_page_speaks_for_those_after_it_that_are_silent(bench: Workbench):
    partner = PagesWithETags(True, None, True)
    await bench.sync(partner)

    assert await synced(bench, partner) == ["None?", "2?"]


@on_sqlite
@pytest.mark.parametrize("told", [(True, False, True), (None, True, True)])
async def test_a_list_with_a_page_that_nobody_speaks_for_is_read(bench: Workbench, told):
    partner = PagesWithETags(*told)
    await bench.sync(partner)

    assert await synced(bench, partner) == [None, "1", "2"]


@on_sqlite
async def test_very_many_pages_are_rather_read(bench: Workbench, monkeypatch):
    monkeypatch.setattr(known_pages, "MOST_ASKED", 2)
    partner = PagesWithETags()
    await bench.sync(partner)

    assert await synced(bench, partner) == [None, "1", "2"]


@on_sqlite
async def test_a_page_that_is_gone_has_changed(bench: Workbench):
    partner = PagesWithETags()
    await bench.sync(partner)
    partner.fails_once(CursorExpiredError(TOKOPEDIA, "the cursor has expired"), at="1")

    assert await synced(bench, partner) == ["None?", "1?", None, "1", "2"]


@on_sqlite
async def test_a_partner_that_is_down_is_asked_again_another_time(bench: Workbench):
    partner = PagesWithETags()
    await bench.sync(partner)
    partner.fails_once(PartnerUnavailableError(TOKOPEDIA, "answered HTTP 503"), at="1")

    assert (await bench.sync(partner)).failure == "answered HTTP 503"

    assert len(await bench.live_titles()) == 6
    assert await synced(bench, partner) == ["None?", "1?", "2?"]


@on_sqlite
async def test_another_mapping_or_version_of_ours_reads_the_list_again(
    bench: Workbench, monkeypatch
):
    partner = PagesWithETags()
    await bench.sync(partner)

    assert await synced(bench, partner, options={"other": True}) == [None, "1", "2"]
    assert await synced(bench, partner, options={"other": True}) == ["None?", "1?", "2?"]
    monkeypatch.setattr(known_pages, "reading", lambda: "another")
    assert await synced(bench, partner, options={"other": True}) == [None, "1", "2"]


@on_sqlite
async def test_a_list_that_is_held_is_not_what_stands(bench: Workbench):
    partner = PagesWithETags()
    await bench.sync(partner)
    for at in ("1", "2"):
        partner.changes(at, Page())
    held = await bench.sync(partner)

    assert held.withheld
    assert await synced(bench, partner) == ["None?", "1?", None, "1", "2"]


async def test_courses_and_their_runs_over_http(bench: Workbench, file_server: FileServer):
    settings = PartnerSettings(TOKOPEDIA, file_server.address, options=COURSES)
    adapter = build_adapter("feed", settings, reach=THIS_MACHINE)

    async def fetch_page(_code, cursor, known):
        return await adapter.fetch_page(cursor, known)

    try:
        first = await bench.sync(fetch_page)
        file_server.asked.clear()
        again = await bench.sync(fetch_page)
        sent = [status for _, status in file_server.asked]
        file_server.write("runs.json", [{"id": 1, "run": "b", "price": 2_000}])
        after = await bench.sync(fetch_page)
    finally:
        await adapter.aclose()

    assert (first.added, first.failure) == (2, None)
    assert (again.not_modified, sent) == (True, [304, 304, 304])
    assert (after.changed, after.unchanged, after.withdrawn) == (1, 1, 0)
    assert await bench.store.read_revision() == 2
    assert await bench.count(sync_tables.staged_page) == 0
