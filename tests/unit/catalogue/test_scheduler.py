"""When partners are read; nothing here sleeps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.catalogue.partner_orders import StandingOrder
from gateway.catalogue.scheduler import SyncScheduler
from gateway.catalogue.store import StatusRow
from gateway.partners.config import PartnerConfig
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerState
from tests.catalogue import NOON, PINTARIA, TOKOPEDIA, a_partner

pytestmark = pytest.mark.anyio


class World:
    """A sync, a store, leases and a clock that only sleeping turns; ends after some sleeps."""

    def __init__(self, sleeps: int) -> None:
        self.now = NOON
        self.sleeps = sleeps
        self.synced: list[tuple[str, datetime]] = []
        self.rows: dict[str, StatusRow] = {}
        self.outcomes: list[str | Exception] = []
        self.is_free = True
        self.orders: dict[str, StandingOrder] = {}

    async def sync(self, config: PartnerConfig, report: Any, *, accept_alarm: bool) -> SyncProgress:
        self.synced.append((config.code, self.now))
        outcome = self.outcomes.pop(0) if self.outcomes else ""
        if isinstance(outcome, Exception):
            raise outcome
        self.rows[config.code] = StatusRow(
            config.code, 1, self.now, failing_since=self.now if outcome else None
        )
        return SyncProgress(config.code, finished=True, failure=outcome or None)

    async def read_orders(self) -> dict[str, StandingOrder]:
        return self.orders

    async def read_statuses(self) -> list[StatusRow]:
        return list(self.rows.values())

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[bool]:
        yield self.is_free

    async def sleep(self, seconds: float) -> None:
        self.sleeps -= 1
        if self.sleeps < 0:
            raise asyncio.CancelledError
        self.now += timedelta(seconds=seconds)

    def scheduler(self) -> SyncScheduler:
        leases: Any = self
        store: Any = self
        return SyncScheduler(
            self.sync, store, leases, lambda: self.now, sleep=self.sleep, dice=lambda: 0.5
        )

    async def run(self, *configs: PartnerConfig) -> list[timedelta]:
        """Run until the sleeps are used up; return when each sync began, since noon."""
        with suppress(asyncio.CancelledError):
            await self.scheduler().run(configs)
        return [at - NOON for _, at in self.synced]


async def test_a_partner_is_read_at_once_and_then_at_its_interval():
    at = await World(sleeps=2).run(a_partner())

    assert at == [timedelta(), timedelta(minutes=15), timedelta(minutes=30)]


async def test_who_brings_the_list_is_not_read():
    assert await World(sleeps=2).run(a_partner(adapter="push")) == []


async def test_after_a_failure_it_is_tried_again_sooner():
    world = World(sleeps=2)
    world.outcomes = ["connection refused"]

    at = await world.run(a_partner())

    assert at == [timedelta(), timedelta(seconds=30), timedelta(minutes=15, seconds=30)]


async def test_a_crash_of_ours_does_not_end_the_schedule():
    world = World(sleeps=1)
    world.outcomes = [RuntimeError("a fault of ours")]

    assert await world.run(a_partner()) == [timedelta(), timedelta(seconds=30)]


async def test_what_another_process_has_just_read_is_not_read_again():
    world = World(sleeps=1)
    world.rows[TOKOPEDIA] = StatusRow(TOKOPEDIA, 1, attempted_at=NOON - timedelta(seconds=2))

    assert await world.run(a_partner()) == [timedelta(minutes=13, seconds=28)]


async def test_a_partner_that_another_process_is_reading_is_left_to_it():
    world = World(sleeps=1)
    world.is_free = False

    assert await world.run(a_partner()) == []


async def test_only_active_partners_are_read():
    paused = a_partner(PINTARIA)
    paused = replace(paused, partner=replace(paused.partner, state=PartnerState.PAUSED))
    world = World(sleeps=0)

    await world.run(paused, a_partner())

    assert [code for code, _ in world.synced] == [TOKOPEDIA]


def an_order(asked: timedelta | None = None, *, is_paused: bool = False) -> StandingOrder:
    """Return an order to read the list at a time since noon, or to leave it alone."""
    asked_at = None if asked is None else NOON + asked
    return StandingOrder(TOKOPEDIA, 1, asked_at, NOON if is_paused else None)


async def test_who_is_paused_by_an_order_is_not_read():
    world = World(sleeps=3)
    world.orders[TOKOPEDIA] = an_order(timedelta(hours=1), is_paused=True)

    assert await world.run(a_partner()) == []


async def test_an_order_to_read_is_carried_out_once_however_it_ends():
    world = World(sleeps=2)
    world.rows[TOKOPEDIA] = StatusRow(TOKOPEDIA, 1, attempted_at=NOON - timedelta(seconds=2))
    world.orders[TOKOPEDIA] = an_order(timedelta(seconds=-1))
    world.outcomes = ["connection refused"]

    at = await world.run(a_partner())

    assert at == [timedelta(), timedelta(seconds=30), timedelta(minutes=15, seconds=30)]


async def test_an_order_that_was_carried_out_hurries_nobody():
    world = World(sleeps=1)
    world.rows[TOKOPEDIA] = StatusRow(TOKOPEDIA, 1, attempted_at=NOON - timedelta(seconds=2))
    world.orders[TOKOPEDIA] = an_order(timedelta(minutes=-1))

    assert await world.run(a_partner()) == [timedelta(minutes=13, seconds=28)]
