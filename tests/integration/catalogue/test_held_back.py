"""Offerings whose row in the newest list could not be read: how old they are, on both engines."""

from datetime import timedelta

import pytest

from adapters.base import Page, Rejection
from gateway.catalogue import runs
from gateway.catalogue.follower import CatalogueFollower
from schema.model.values import FreshnessState
from tests.catalogue import NOON, TOKOPEDIA, ScriptedPartner, a_partner, an_offering, offerings
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio

FIRST, SECOND = offerings(2)
BAD = Page((FIRST,), rejections=(Rejection(2, "2", "price: not a number", "{}"),))


async def test_it_is_as_old_as_the_last_list_that_had_it_well(bench: Workbench):
    partner = ScriptedPartner([FIRST, SECOND])
    await bench.sync(partner)  # 12:01
    partner.lists([an_offering("1", "Kursus Nomor 1", price=1), SECOND])
    await bench.sync(partner)  # 12:02, unchanged
    partner.lists(BAD)
    await bench.sync(partner)  # 12:03
    await bench.sync(partner)  # 12:04, still bad

    held_back = await bench.store.read_held_back()

    assert list(held_back) == [SECOND.id]
    assert held_back[SECOND.id].fetched_at == NOON + timedelta(minutes=2)
    assert held_back[SECOND.id].reason == "price: not a number"


async def test_it_is_as_old_as_its_last_change_when_no_run_is_left_to_say_more(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runs, "KEPT_RUNS", 1)
    partner = ScriptedPartner([FIRST, SECOND])
    await bench.sync(partner)  # 12:01
    partner.lists(BAD)
    for _ in range(3):
        await bench.sync(partner)

    assert (await bench.store.read_held_back())[SECOND.id].fetched_at == NOON + timedelta(minutes=1)


async def test_a_row_that_never_was_an_offering_holds_nothing_back(bench: Workbench):
    await bench.sync(ScriptedPartner(BAD))

    assert await bench.store.read_held_back() == {}


async def test_followers_know_and_forget(bench: Workbench):
    follower = CatalogueFollower(bench.store, [a_partner()], bench.clock)
    partner = ScriptedPartner([FIRST, SECOND])
    await bench.sync(partner)
    partner.lists(BAD)
    await bench.sync(partner)
    await follower.refresh()

    held_back = follower.directory.offering_freshness(SECOND)
    assert (held_back.state, held_back.fetched_at) == (
        FreshnessState.STALE,
        NOON + timedelta(minutes=1),
    )
    assert follower.directory.offering_freshness(FIRST).state is FreshnessState.FRESH

    partner.lists([FIRST, SECOND])
    await bench.sync(partner)
    await follower.refresh()
    found = follower.directory.offering_freshness(SECOND)
    assert found == follower.directory.freshness(TOKOPEDIA)
