"""When each partner's list is read: at once, then at its interval, sooner after a failure.

Every process may run a scheduler: a lease per partner and the time of the last attempt, both
in the database, see to it that a list is read once per interval in all.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from gateway.catalogue.freshness import is_fetched
from gateway.catalogue.store import CatalogueStore
from gateway.catalogue.sync import Report, report_to_nobody
from gateway.partners.config import PartnerConfig
from gateway.storage.leases import Leases
from schema.model.syncing import SyncProgress

AT_ONCE = 4  # syncs, in one process
RETRY_AFTER = timedelta(seconds=30)  # a failure, or another process's sync
JUST_NOW = timedelta(seconds=10)  # an attempt that a starting process need not repeat
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

    async def run(self, configs: Sequence[PartnerConfig]) -> None:
        """Keep all active partners' lists up to date until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for config in filter(is_fetched, configs):
                tasks.create_task(self._keep(config))

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
            await self._sleep(wait.total_seconds())

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
        if row is None:
            return timedelta()
        since = self._now() - row.attempted_at
        if is_first and since > JUST_NOW:
            return timedelta()
        pause = config.interval * (1 - JITTER)
        return (min(pause, RETRY_AFTER) if row.failing_since else pause) - since
