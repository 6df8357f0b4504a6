"""A bad row costs nothing but itself, and is not lost."""

from dataclasses import replace

import pytest

from adapters.base import LeftOut, Page, Rejection
from adapters.errors import PartnerUnavailableError
from gateway.catalogue import runs
from gateway.storage import sync_tables
from schema.model.catalogue import UnknownTerm
from tests.catalogue import PINTARIA, TOKOPEDIA, ScriptedPartner, an_offering, offerings
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio


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
