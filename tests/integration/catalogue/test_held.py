"""A list that looks wrong is held for an operator; what stands stays until they decide."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.base import Page, Validators
from gateway.catalogue import runs
from gateway.catalogue.decision_log import DecisionLog
from gateway.catalogue.freshness import freshness, health
from gateway.catalogue.history import read_runs
from gateway.storage import sync_tables
from gateway.storage.leases import Leases
from schema.model.catalogue import Session
from schema.model.decisions import CatalogueDecisionKind as Kind
from schema.model.held import AlarmKind, DecisionErrorCode, ListChangeKind
from schema.model.values import FreshnessState, Money, PartnerHealth, RemoteId
from schema.ports import Window
from tests.catalogue import (
    PINTARIA,
    TOKOPEDIA,
    ScriptedPartner,
    a_partner,
    an_offering,
    offerings,
)
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.holding import (
    decisions,
    held_after,
    outcomes,
    priced,
    the_held,
)

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


async def test_the_operator_sees_what_would_change(bench: Workbench):
    listed = [*priced(1, start=1), *offerings(2, start=2), an_offering("99", "Baru", price=5)]
    await held_after(bench, offerings(10), listed)

    held = await the_held(bench)

    assert (held.added, held.changed, held.unchanged, held.withdrawn) == (1, 1, 2, 7)
    assert [alarm.kind for alarm in held.alarms] == [AlarmKind.WITHDRAWAL]
    shown = {(each.kind, each.key): each for each in held.examples}
    added, repriced = (
        shown[ListChangeKind.ADDED, "99"],
        shown[ListChangeKind.REPRICED, "1"],
    )
    assert (added.title, added.before, added.after) == ("Baru", None, Money(5))
    assert (repriced.before, repriced.after) == (Money(350_000), Money(1))
    assert sum(kind is ListChangeKind.WITHDRAWN for kind, _ in shown) == 5


async def test_approving_applies_the_list_as_it_was_staged(bench: Workbench):
    partner = await held_after(bench, offerings(10), priced(1, 2, 350_000))
    partner.lists(offerings(10))  # what the partner says by now is not what was shown
    held = await the_held(bench)
    bench.clock.turn(minutes=5)

    done = await decisions(bench).approve(held.run, "rina")

    assert (done.partner, done.revision, done.refusals) == (TOKOPEDIA, 2, ())
    assert len(await bench.live_titles()) == 3
    fact = await bench.store.read_fact(an_offering("2").id)
    assert fact is not None
    assert fact.price == Money(2)
    assert await outcomes(bench) == ["APPLIED", "APPLIED"]
    assert await bench.count(sync_tables.staged_offering) == 0
    status = await bench.status()
    assert (status.offerings, status.held_run, status.withheld_since) == (3, None, None)
    assert status.fetched_at == held.read_at == bench.clock.moment - timedelta(minutes=5)


async def test_approving_joins_sessions_that_came_apart_once(bench: Workbench):
    session = Session(TOKOPEDIA, RemoteId("s1"), capacity=20)
    orphan = Session(TOKOPEDIA, RemoteId("s2"))
    apart = Page(
        tuple(offerings(1)), sessions=((RemoteId("1"), session), (RemoteId("nowhere"), orphan))
    )
    await held_after(bench, offerings(10), apart)

    await decisions(bench).approve((await the_held(bench)).run, "rina")

    fact = await bench.store.read_fact(an_offering("1").id)
    assert fact is not None
    assert fact.offering.sessions == (session,)
    assert len(await bench.store.read_quarantine(TOKOPEDIA)) == 1


async def test_a_decision_names_the_run_that_was_shown(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    shown = await the_held(bench)
    partner.lists(offerings(2))
    await bench.sync(partner)

    done = await decisions(bench).approve(shown.run, "rina")

    assert [each.code for each in done.refusals] == [DecisionErrorCode.NOT_HELD]
    assert len(await bench.live_titles()) == 10
    newer = await the_held(bench)
    assert newer.run != shown.run
    assert newer.since == shown.since  # held for the like all the while


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


async def test_a_rejected_list_is_not_asked_about_again(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))

    rejected = await decisions(bench).reject((await the_held(bench)).run, "rina")
    done = await bench.sync(partner)

    assert (rejected.partner, rejected.revision) == (TOKOPEDIA, None)
    assert done.rejected
    assert await decisions(bench).read_held() == []
    assert await outcomes(bench) == ["APPLIED", "REJECTED", "REJECTED"]
    assert len(await bench.live_titles()) == 10
    assert await bench.count(sync_tables.staged_offering) == 0
    reason = freshness(a_partner(), await bench.status(), bench.clock.moment).reason or ""
    assert reason.endswith("(rejected by an operator: would withdraw 7 of 10 offerings)")
    [made] = (await DecisionLog(bench.database).read_decisions(Window(first=9))).nodes
    assert (made.kind, made.by, made.about) == (Kind.LIST_REJECTED, "rina", TOKOPEDIA)


async def test_after_a_rejection_another_list_is_asked_about(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    await decisions(bench).reject((await the_held(bench)).run, "rina")
    partner.lists(offerings(2))

    done = await bench.sync(partner)

    assert done.withheld
    assert not done.rejected
    assert (await the_held(bench)).withdrawn == 8


async def test_no_decision_while_the_list_is_being_read(bench: Workbench):
    await held_after(bench, offerings(10), offerings(3))
    held = await the_held(bench)

    async with Leases(bench.database, bench.clock).held(f"sync:{TOKOPEDIA}"):
        done = await decisions(bench).approve(held.run, "rina")

    assert [each.code for each in done.refusals] == [DecisionErrorCode.SYNC_RUNNING]
    assert len(await bench.live_titles()) == 10


async def test_approving_abandons_a_run_that_was_killed(bench: Workbench):
    """Its unchanged rows are digests of what stood before."""
    partner = await held_after(bench, offerings(10), priced(*[3_500_000] * 10))
    partner.lists(offerings(9), offerings(1, start=10))
    partner.fails_once(asyncio.CancelledError(), at="1")
    with pytest.raises(asyncio.CancelledError):
        await bench.sync(partner)

    await decisions(bench).approve((await the_held(bench)).run, "rina")

    assert await outcomes(bench) == ["APPLIED", "APPLIED", "ABANDONED"]
    partner.lists(priced(*[3_500_000] * 10))
    assert (await bench.sync(partner)).unchanged == 10


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
