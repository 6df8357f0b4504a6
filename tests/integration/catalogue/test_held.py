"""A list that looks wrong is held beside what stands, until a good one takes its place."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.base import Page, Validators
from gateway.catalogue import runs
from gateway.catalogue.freshness import freshness, health
from gateway.catalogue.history import read_runs
from gateway.storage import sync_tables
from schema.model.catalogue import Session
from schema.model.values import FreshnessState, PartnerHealth, RemoteId
from tests.catalogue import PINTARIA, TOKOPEDIA, ScriptedPartner, a_partner, offerings
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.holding import decisions, held_after, outcomes, priced, the_held

pytestmark = pytest.mark.anyio


async def test_an_empty_list_that_is_good_again_leaves_no_trace(bench: Workbench):
    partner = await held_after(bench, offerings(10), [])
    partner.lists(offerings(10))

    done = await bench.sync(partner)

    assert (done.withheld, done.unchanged) == (None, 10)
    assert await decisions(bench).read_held() == []
    assert await outcomes(bench) == ["APPLIED", "SUPERSEDED", "UNCHANGED"]
    status = await bench.status()
    assert (status.held_run, status.withheld_since, status.withheld_reason) == (None, None, None)


async def test_a_held_list_makes_the_partner_stale_and_not_down(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    good = bench.clock.moment
    partner.lists(offerings(3))
    await bench.sync(partner)

    status = await bench.status()
    found = freshness(a_partner(), status, bench.clock.moment)

    assert (found.state, found.fetched_at) == (FreshnessState.STALE, good)
    assert found.reason == (
        "its new list is held for an operator since 2026-03-02 12:02 UTC "
        "(would withdraw 7 of 10 offerings)"
    )
    assert health(status) is PartnerHealth.DEGRADED
    assert status.failing_since is None


async def test_a_list_held_for_something_else_is_held_since_now(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    partner.lists(priced(*[3_500_000] * 10))

    await bench.sync(partner)

    assert (await the_held(bench)).since == bench.clock.moment


async def test_a_good_list_takes_the_place_of_the_held_one(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    partner.lists(offerings(9))

    done = await bench.sync(partner)

    assert (done.withheld, done.withdrawn) == (None, 1)
    assert await decisions(bench).read_held() == []
    assert await bench.count(sync_tables.staged_offering) == 0


async def test_the_very_same_list_is_held_under_the_same_run(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    first = await the_held(bench)

    await bench.sync(partner)

    again = await the_held(bench)
    assert replace(again, read_at=first.read_at) == first
    assert again.read_at > first.read_at
    assert await bench.count(sync_tables.staged_offering) == 3


async def test_a_held_list_is_not_what_the_partner_is_asked_to_compare_with(bench: Workbench):
    good, bad = Validators(etag='"good"'), Validators(etag='"bad"')
    partner = ScriptedPartner(Page(tuple(offerings(10)), validators=good))
    await bench.sync(partner)
    partner.lists(Page(tuple(offerings(1)), validators=bad))
    await bench.sync(partner)

    await bench.sync(partner)
    assert partner.asked[-1] == (None, good)

    await decisions(bench).approve((await the_held(bench)).run, "rina")
    await bench.sync(partner)
    assert partner.asked[-1] == (None, bad)


async def test_not_modified_means_that_the_held_list_is_taken_back(bench: Workbench):
    good = Validators(etag='"good"')
    partner = ScriptedPartner(Page(tuple(offerings(10)), validators=good))
    await bench.sync(partner)
    partner.lists(offerings(1))
    await bench.sync(partner)
    partner.modified = lambda known: known != good

    done = await bench.sync(partner)

    assert done.not_modified
    assert await decisions(bench).read_held() == []
    assert (await bench.status()).withheld_since is None


async def test_a_run_killed_before_its_end_is_held_when_resumed(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists(offerings(2), offerings(1, start=3))
    partner.fails_once(asyncio.CancelledError(), at="1")
    with pytest.raises(asyncio.CancelledError):
        await bench.sync(partner)
    partner.asked.clear()

    done = await bench.sync(partner)

    assert [cursor for cursor, _ in partner.asked] == ["1"]
    assert done.withheld == "would withdraw 7 of 10 offerings"
    assert (await the_held(bench)).unchanged == 3


async def test_the_held_list_outlives_many_runs(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "KEPT_RUNS", 2)
    partner = await held_after(bench, offerings(10), offerings(3))
    shown = await the_held(bench)
    for _ in range(5):
        await bench.sync(partner)

    done = await decisions(bench).approve(shown.run, "rina")

    assert done.refusals == ()
    assert len(await bench.live_titles()) == 3


async def test_each_partner_has_its_own(bench: Workbench):
    await held_after(bench, offerings(10), offerings(3))
    other = ScriptedPartner(offerings(10, PINTARIA))
    config = a_partner(PINTARIA)
    await bench.sync(other, config)
    other.lists([])
    await bench.sync(other, config)

    held = await decisions(bench).read_held()

    assert [each.partner for each in held] == [TOKOPEDIA, PINTARIA]


async def test_past_runs_tell_counts_and_duration(bench: Workbench):
    await held_after(bench, offerings(10), offerings(3))

    newest, first = await bench.database.read(lambda c: read_runs(c, TOKOPEDIA, 10))

    assert (first.outcome, first.counts.added, first.revision) == ("APPLIED", 10, 1)
    assert (newest.outcome, newest.counts.withdrawn, newest.revision) == ("HELD", 7, None)
    assert newest.reason == "would withdraw 7 of 10 offerings"
    assert newest.took == timedelta()


async def test_a_feed_of_sessions_that_is_empty_once_withdraws_none(bench: Workbench):
    apart = tuple(
        (RemoteId(str(n)), Session(TOKOPEDIA, RemoteId(f"s{n}"), capacity=20)) for n in range(1, 6)
    )
    partner = ScriptedPartner(offerings(5), Page(sessions=apart))
    await bench.sync(partner)
    partner.lists(offerings(5), Page())

    held = await bench.sync(partner)

    assert held.withheld == "would withdraw all 5 sessions, which it lists apart"
    fact = await bench.store.read_fact(offerings(1)[0].id)
    assert fact is not None
    assert len(fact.offering.sessions) == 1
