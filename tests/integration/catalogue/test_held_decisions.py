"""An operator approves or rejects a held list: that one, as it was shown, and once."""

import asyncio
from datetime import timedelta

import pytest

from adapters.base import Page
from gateway.catalogue.decision_log import DecisionLog
from gateway.catalogue.freshness import freshness
from gateway.storage import sync_tables
from gateway.storage.leases import Leases
from schema.model.catalogue import Session
from schema.model.decisions import CatalogueDecisionKind as Kind
from schema.model.held import AlarmKind, DecisionErrorCode, ListChangeKind
from schema.model.values import Money, RemoteId
from schema.ports import Window
from tests.catalogue import TOKOPEDIA, a_partner, an_offering, offerings
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.holding import decisions, held_after, outcomes, priced, the_held

pytestmark = pytest.mark.anyio


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
