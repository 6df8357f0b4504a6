"""When each partner's list is read: at once, then at its interval, sooner after a failure.

Every process may run a scheduler: a lease per partner and the time of the last attempt, both
in the database, see to it that a list is read once per interval in all.  What operators order
is in the database, too: a scheduler looks there every second, and wakes whom it concerns.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from gateway.catalogue.freshness import is_fetched
from gateway.catalogue.partner_orders import Orders, StandingOrder
from gateway.catalogue.store import CatalogueStore, StatusRow
from gateway.catalogue.sync import Report, report_to_nobody
from gateway.partners.config import PartnerConfig
from gateway.storage.leases import Leases
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode

AT_ONCE = 4  # syncs, in one process
RETRY_AFTER = timedelta(seconds=30)  # a failure, or another process's sync
JUST_NOW = timedelta(seconds=10)  # an attempt that a starting process need not repeat
ORDERS_SECONDS = 1.0  # between two looks at what is ordered
JITTER = 0.1  # of the interval, so that partners spread out

logger = structlog.get_logger()


class Sync(Protocol):
    """`gateway.catalogue.sync.CatalogueSync.sync`."""

    async def __call__(
        self, config: PartnerConfig, report: Report, *, accept_alarm: bool
    ) -> SyncProgress:
        """Bring one partner's catalogue up to date."""


class SyncScheduler:
    """Runs the syncs of this process; `report` hears of each page and each end."""

    def __init__(  # noqa: PLR0913 - clock, dice and sleep are arguments, so that tests turn them
        self,
        sync: Sync,
        store: CatalogueStore,
        leases: Leases,
        now: Callable[[], datetime],
        *,
        report: Report = report_to_nobody,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._sync = sync
        self._store = store
        self._leases = leases
        self._now = now
        self._report = report
        self._sleep = sleep
        self._dice = dice
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._orders: Orders = {}
        self._woken: dict[PartnerCode, asyncio.Event] = {}

    async def run(self, configs: Sequence[PartnerConfig]) -> None:
        """Keep all active partners' lists up to date until cancelled."""
        wanted = [config for config in configs if is_fetched(config)]
        self._woken = {config.code: asyncio.Event() for config in wanted}
        watching = asyncio.create_task(self._watch_orders())
        try:
            async with asyncio.TaskGroup() as tasks:
                for config in wanted:
                    tasks.create_task(self._keep(config))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def sync_once(
        self,
        config: PartnerConfig,
        report: Report | None = None,
        *,
        accept_alarm: bool = False,
    ) -> SyncProgress | None:
        """Sync one partner now; None when another process is at it."""
        async with self._slots, self._leases.held(f"sync:{config.code}") as is_ours:
            if not is_ours:
                return None
            return await self._sync(config, report or self._report, accept_alarm=accept_alarm)

    async def _keep(self, config: PartnerConfig) -> None:
        is_first = True
        while True:
            try:
                wait = await self._turn(config, is_first=is_first)
            except Exception:
                logger.exception("catalogue.sync_crashed", partner=config.code)
                wait = RETRY_AFTER
            is_first = False
            await self._rest(config.code, wait)

    async def _rest(self, code: PartnerCode, wait: timedelta) -> None:
        """Wait for the next turn, or for an order."""
        woken = self._woken[code]
        sleeping = asyncio.ensure_future(self._sleep(wait.total_seconds()))
        waking = asyncio.create_task(woken.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
            if sleeping.done():
                sleeping.result()
        finally:
            sleeping.cancel()
            waking.cancel()
            woken.clear()

    async def _watch_orders(self) -> None:
        while True:
            try:
                orders = await self._store.read_orders()
            except Exception:
                logger.exception("catalogue.orders_not_read")
            else:
                for code, order in orders.items():
                    if order != self._orders.get(code) and code in self._woken:
                        self._woken[code].set()
                self._orders = orders
            await asyncio.sleep(ORDERS_SECONDS)

    async def _turn(self, config: PartnerConfig, *, is_first: bool) -> timedelta:
        """Sync if that is due, and return how long to wait for the next turn."""
        wait = await self._due_in(config, is_first=is_first)
        if wait > timedelta():
            return wait
        done = await self.sync_once(config)
        if done is None or done.failure:
            return min(RETRY_AFTER, config.interval)
        return config.interval * (1 + JITTER * (self._dice() - 0.5))

    async def _due_in(self, config: PartnerConfig, *, is_first: bool) -> timedelta:
        """Return how long it is until the next attempt, whichever process made the last."""
        rows = await self._store.read_statuses()
        row = next((each for each in rows if each.partner == config.code), None)
        order = (await self._store.read_orders()).get(config.code)
        if order is not None and order.is_paused:
            return config.interval  # or until it is resumed
        if row is None or _is_asked_for(order, row):
            return timedelta()
        since = self._now() - row.attempted_at
        if is_first and since > JUST_NOW:
            return timedelta()
        pause = config.interval * (1 - JITTER)
        return (min(pause, RETRY_AFTER) if row.failing_since else pause) - since


def _is_asked_for(order: StandingOrder | None, row: StatusRow) -> bool:
    """Return whether an operator wants the list since its last attempt."""
    asked_at = None if order is None else order.sync_asked_at
    return asked_at is not None and asked_at > row.attempted_at
