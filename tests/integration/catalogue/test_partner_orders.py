"""What operators order about partners is seen by all whom it concerns, on both engines."""

import asyncio
from dataclasses import replace

import pytest

from gateway.catalogue import scheduler
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.freshness import is_closed
from gateway.catalogue.partner_orders import PartnerOrders, StandingOrder, as_ordered, is_paused
from gateway.catalogue.scheduler import SyncScheduler
from gateway.catalogue.store import CatalogueStore
from gateway.catalogue.sync import CatalogueSync
from gateway.storage.leases import Leases
from schema.model.values import FreshnessState, PartnerState
from tests.catalogue import NOON, PINTARIA, TOKOPEDIA, ScriptedPartner, a_partner, an_offering
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio


@pytest.fixture
def orders(bench: Workbench) -> PartnerOrders:
    return PartnerOrders(bench.database, bench.clock)


async def test_a_pause_shows_until_it_is_over(bench: Workbench, orders: PartnerOrders):
    follower = CatalogueFollower(bench.store, [a_partner(), a_partner(PINTARIA)], bench.clock)
    offering = an_offering("1")
    await bench.sync(ScriptedPartner([offering]))
    seen, epochs = [], []

    for order in (None, orders.pause, orders.resume):
        if order is not None:
            await order(TOKOPEDIA)
        await follower.refresh()
        status, other = (follower.directory.status(c) for c in (TOKOPEDIA, PINTARIA))
        fact = await bench.store.read_fact(offering.id)
        assert status is not None
        assert fact is not None
        assert other is not None
        assert other.partner.state is PartnerState.ACTIVE
        assert (TOKOPEDIA in follower.directory.closed) is fact.is_paused
        seen.append((status.partner.state, status.freshness.state, fact.is_paused))
        epochs.append(follower.partner_epoch)
        assert await bench.database.read(lambda c: is_paused(c, TOKOPEDIA)) is fact.is_paused

    assert seen == [
        (PartnerState.ACTIVE, FreshnessState.FRESH, False),
        (PartnerState.PAUSED, FreshnessState.STALE, True),
        (PartnerState.ACTIVE, FreshnessState.FRESH, False),
    ]
    assert epochs == sorted(set(epochs))  # or an answer would be served that is no longer true


async def test_who_is_stopped_in_the_partners_file_sells_nothing(bench: Workbench):
    offering, config = an_offering("1"), a_partner()
    await bench.sync(ScriptedPartner([offering]))

    for state in PartnerState:
        stands = replace(config, partner=replace(config.partner, state=state))
        closed = {stands.code} if is_closed(stands) else frozenset()
        fact = await CatalogueStore(bench.database, closed=closed).read_fact(offering.id)
        follower = CatalogueFollower(bench.store, [stands], bench.clock)
        assert fact is not None
        assert fact.is_paused is (state.value in {"PAUSED", "SUSPENDED", "RETIRED"})
        assert bool(follower.directory.closed) is fact.is_paused


def test_a_pause_overrides_active_and_nothing_else():
    retired = a_partner(PINTARIA)
    retired = replace(retired, partner=replace(retired.partner, state=PartnerState.RETIRED))
    orders = {code: StandingOrder(code, 1, paused_at=NOON) for code in (TOKOPEDIA, PINTARIA)}

    ordered = as_ordered([a_partner(), retired], orders)

    states = [config.partner.state for config in ordered]
    assert states == [PartnerState.PAUSED, PartnerState.RETIRED]


async def test_an_order_to_read_wakes_whoever_sleeps(
    bench: Workbench, orders: PartnerOrders, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(scheduler, "ORDERS_SECONDS", 0.01)
    sync = CatalogueSync(ScriptedPartner([an_offering("1")]), bench.database, bench.clock)
    ended: asyncio.Queue[str] = asyncio.Queue()
    running = asyncio.create_task(
        SyncScheduler(
            sync.sync,
            bench.store,
            Leases(bench.database, bench.clock),
            bench.clock,
            report=lambda told: ended.put_nowait(told.partner) if told.finished else None,
        ).run([a_partner()])
    )

    async with asyncio.timeout(10):
        await ended.get()  # at once, and then not for a quarter of an hour
        bench.clock.turn(minutes=1)
        await orders.pause(TOKOPEDIA)
        await orders.ask_sync(TOKOPEDIA)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ended.get(), 0.1)  # not while it is paused
        bench.clock.turn(minutes=1)
        await orders.resume(TOKOPEDIA)
        assert await ended.get() == TOKOPEDIA
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
