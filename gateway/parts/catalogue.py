"""The catalogue part: the store, who follows it, who syncs it, and the operators' desks over it."""

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import structlog

from gateway.catalogue.approvals import ApprovalDesk
from gateway.catalogue.changes import ChangeFeed
from gateway.catalogue.decision_log import DecisionLog
from gateway.catalogue.decisions import HeldLists
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.freshness import is_closed, sells_for
from gateway.catalogue.links import LinkDesk
from gateway.catalogue.partner_orders import Orders, PartnerOrders
from gateway.catalogue.rates import load_rates
from gateway.catalogue.recognition import Recognition
from gateway.catalogue.scheduler import SyncScheduler
from gateway.catalogue.shelf import Shelf
from gateway.catalogue.short import Closing, never_closing
from gateway.catalogue.store import CatalogueStore
from gateway.catalogue.sync import CatalogueSync, Report, count_sync, report_to_nobody
from gateway.catalogue.watching import SyncWatch
from gateway.clock import utc_now
from gateway.partners.config import PartnerConfig
from gateway.parts.databases import open_database
from gateway.parts.partners import PartnersPart
from gateway.settings import Settings
from gateway.storage.leases import Leases
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode

TURN_SECONDS = 300.0  # how long a sync that was asked for waits for another process's
TURN_POLL_SECONDS = 0.2
_PAUSED = "is paused by an order; `mitra partners resume` lets it be read"
# Seconds for which an answer may stand while it is made anew, from when its revision was last known
# to be the newest: two are promised, and some of them are the answer's way.
SHOWN_AFTERWARDS = 1.8
RECOGNISE_SECONDS = 60.0  # until it is looked whether another process left it half done
PRUNE_SECONDS = 3_600.0  # between two looks for changes that need not be kept

log = structlog.get_logger(__name__)


class CataloguePart:
    """Everything over the catalogue's database.

    `report` hears of every sync's progress and may be replaced at any time.
    """

    def __init__(
        self, settings: Settings, partners: PartnersPart, closing: Closing = never_closing
    ) -> None:
        """Make it; who shows the catalogue tells until when the programme sells a session."""
        self.report: Report = report_to_nobody
        self._changes_kept = settings.changes_kept
        self._configs = partners.configs
        self._calls = partners.calls
        self.database = open_database(settings, "catalogue")
        self._sells_for = timedelta(hours=settings.sell_unread_hours)
        self._by_code = {config.code: config for config in partners.configs}
        self.store = CatalogueStore(
            self.database,
            closing,
            lambda code: sells_for(self._by_code.get(code), self._sells_for),
            frozenset(config.code for config in partners.configs if is_closed(config)),
        )
        self.changes = ChangeFeed(self.database)
        self._rates = load_rates(settings.rates)
        self.follower = CatalogueFollower(
            self.store,
            partners.configs,
            utc_now,
            rates=self._rates,
            cut_off=partners.calls.failing,
        )
        self.follower.shelf = Shelf(settings.data_dir / "search-index")
        leases, notify = Leases(self.database, utc_now), self.follower.notify
        self.held = HeldLists(self.database, leases, utc_now, notify=notify)
        self.links = LinkDesk(self.database, utc_now, notify=notify)
        self.recognition = Recognition(self.database, leases, utc_now, notify)
        self.decisions = DecisionLog(self.database)
        self.approvals = ApprovalDesk(self.database, utc_now, notify)
        self.orders = PartnerOrders(self.database, utc_now, notify)
        self.watch = SyncWatch(self.database)
        self._scheduler = SyncScheduler(
            CatalogueSync(partners.calls.fetch_page, self.database, utc_now).sync,
            self.store,
            leases,
            utc_now,
            report=self._tell,
        )

    async def sync_forever(self) -> None:
        """Keep all lists up to date, and forget old changes, until cancelled.

        What other rules have recognised is recognised anew beside it.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_recognised())
            tasks.create_task(self._scheduler.run(self._configs))
            tasks.create_task(self._keep_pruning())

    async def sync_now(self, codes: Sequence[PartnerCode]) -> None:
        """Sync the named partners once, all at once; those that push have nothing to be read.

        Who is paused by an order is left alone.
        """
        orders = await self.orders.read_all()
        named = [config for config in self._configs if config.code in codes]
        for config in [each for each in named if not each.pushes and _is_paused(each, orders)]:
            self.report(SyncProgress(config.code, finished=True, failure=_PAUSED))
        wanted = [each for each in named if not each.pushes and not _is_paused(each, orders)]
        await asyncio.gather(*map(self._sync_in_turn, wanted))

    async def _sync_in_turn(self, config: PartnerConfig) -> None:
        """Sync one partner, after another process that is at it has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TURN_SECONDS):
                while await self._scheduler.sync_once(config) is None:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(TURN_POLL_SECONDS)
                return
        self.report(_busy(config.code))

    @property
    def unchanging(self) -> Sequence[object]:
        """What answers are made of beside the catalogue and how partners stand, until a restart."""
        return self._rates, [(each.partner, each.interval) for each in self._configs]

    def name(self, *, with_partners: bool) -> str:
        """See `gateway.execution.answers.State`."""
        shown = self.follower.snapshot.name
        if not with_partners:
            return shown
        parts = shown, self.follower.partner_epoch, *sorted(self._calls.failing())
        return ".".join(map(str, parts))

    def was_lately(self, name: str) -> bool:
        """See `gateway.execution.answers.State`."""
        former = self.follower.former
        is_late = time.monotonic() - self.follower.former_at < SHOWN_AFTERWARDS
        return former.is_whole and is_late and name == former.name

    def partners_hold_until(self) -> float:
        """See `gateway.execution.answers.State`."""
        next_stale = self.follower.directory.next_stale()
        return next_stale.timestamp() if next_stale else math.inf

    def _tell(self, progress: SyncProgress) -> None:
        self.report(progress)  # it may have been replaced since

    def hear(self, progress: SyncProgress) -> None:
        """Report what another process's sync tells, count it, and follow its changes."""
        self.report(progress)
        if progress.finished:
            count_sync(progress)
            self.follower.notify()

    async def _keep_recognised(self) -> None:
        """Recognise what other rules have recognised; go on with what another process left."""
        while not await self._is_recognised():  # noqa: ASYNC110 - by another process, perhaps
            await asyncio.sleep(RECOGNISE_SECONDS)

    async def _is_recognised(self) -> bool:
        try:
            await self.recognition.keep_up()
            return not await self.recognition.is_under_way()
        except Exception:
            log.exception("catalogue.recognising_failed")
            return False

    async def _keep_pruning(self) -> None:
        while True:
            try:
                log.info("changes.pruned", rows=await self.changes.prune(self._changes_kept))
            except Exception:
                log.exception("changes.prune_failed")
            await asyncio.sleep(PRUNE_SECONDS)


def _is_paused(config: PartnerConfig, orders: Orders) -> bool:
    order = orders.get(config.code)
    return order is not None and order.is_paused


def _busy(code: PartnerCode) -> SyncProgress:
    return SyncProgress(
        code, finished=True, failure="another process has been syncing it all the while"
    )
