"""The composition root: one process's parts, started and stopped together."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cached_property

import structlog

from gateway import collecting
from gateway.cache.base import Cache
from gateway.catalogue.store import Quarantined
from gateway.clock import utc_now
from gateway.enrolment.last_purchase import LastPurchase
from gateway.partners.reports import CallReport
from gateway.parts.catalogue import CataloguePart
from gateway.parts.enrolment import EnrolmentPart
from gateway.parts.health import HealthPart
from gateway.parts.identity import IdentityPart
from gateway.parts.operating import OperatingPart
from gateway.parts.partner_api import build_partner_api_part
from gateway.parts.partners import PartnersPart, count_call
from gateway.parts.push import build_push_part
from gateway.parts.quotes import QuotesPart, build_answers_cache
from gateway.parts.rules import load_rules
from gateway.parts.syncing import SyncingProcess, Told
from gateway.parts.webhooks import WebhooksPart
from gateway.priority import take_short_turns
from gateway.settings import Settings
from gateway.storage.migrate import upgrade
from gateway.telemetry import PROCESS_STARTED
from gateway.telemetry.loop_lag import LoopLag
from gateway.telemetry.together import SharedMetrics
from gateway.web.health import Readiness
from schema.context import Context, Desks, Viewer
from schema.loaders import DescriptionLoader, QuoteLoader
from schema.model.catalogue import PartnerStatus
from schema.model.values import PartnerCode

log = structlog.get_logger(__name__)


class Gateway:
    """Everything that one process runs over one catalogue and one ledger.

    Making it opens nothing; `running` and `opened` do.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.is_started = False
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        name = f"{socket.gethostname()}:{os.getpid()}"
        holder = f"{name}:{secrets.token_hex(4)}"
        self.metrics = SharedMetrics(settings.data_dir / "metrics", name)
        self.partners = PartnersPart(settings, report=count_call)
        last_purchase = LastPurchase(load_rules(settings))
        self.catalogue = CataloguePart(settings, self.partners, last_purchase)
        self.quotes = QuotesPart(settings, self.partners, self.catalogue)
        self.enrolment = EnrolmentPart(
            settings, self.partners, self.catalogue, self.quotes.board, holder
        )
        self.partner_api = build_partner_api_part(
            settings, self.partners, self.catalogue, self.enrolment
        )
        self.push = build_push_part(settings, self.partners, self.catalogue, self.enrolment)
        self.webhooks = WebhooksPart(settings, self.partners, self.enrolment, holder)
        self.cache: Cache = build_answers_cache(settings)
        self.operating = OperatingPart(self.partners, self.catalogue, self.enrolment.ledger)
        self.identity = IdentityPart(settings, self.partners.configs, self.enrolment.ledger)
        self.verifier = self.identity.verifier
        databases = (self.catalogue.database, self.enrolment.ledger)
        self.health = HealthPart(databases, settings.redis_url)

    @asynccontextmanager
    async def running(self, *, background: bool, serving: bool = True) -> AsyncIterator[None]:
        """Migrate, load, and keep everything going; `background` also syncs and delivers."""
        PROCESS_STARTED.labels("serving" if serving else "worker").set_to_current_time()
        collecting.collect_seldom()
        collecting.give_back_soon()
        take_short_turns()
        await self._open()
        collecting.keep()
        courier = self.enrolment.courier
        work = [self.catalogue.follower.run(), *self.enrolment.work(background=background)]
        work += self.webhooks.work(background=background)
        work += [LoopLag().run(), collecting.keep_what_settles()]
        if not serving or self.settings.workers > 1:
            work.append(self.metrics.run())  # scrapers reach one of several, or none of this
        if background:
            work.append(SyncingProcess(self.settings, self._hear).run())
        tasks = [asyncio.create_task(each) for each in work]
        delivering = [asyncio.create_task(courier.run())] if background else []
        tasks += delivering
        for task in tasks:
            task.add_done_callback(_tell_when_dead)
        self.is_started = True
        log.info("gateway.started", partners=len(self.partners.configs), background=background)
        try:
            yield
        finally:
            courier.stop()  # it ends the calls under way, within a bound of its own
            await asyncio.gather(*delivering, return_exceptions=True)
            await _wind_down(tasks)
            await self._aclose()
            log.info("gateway.stopped")

    @asynccontextmanager
    async def opened(self, *, loaded: bool = False) -> AsyncIterator[None]:
        """Migrate, run nothing, and close: for one look or one change.

        What stands in the catalogue is in memory only if `loaded`.
        """
        await (self._open() if loaded else self._upgrade())
        try:
            yield
        finally:
            await self._aclose()

    async def migrate(self) -> None:
        """Bring the databases' tables up to date, and close."""
        async with self.opened():
            pass

    async def sync_now(self, codes: Sequence[PartnerCode]) -> None:
        """Sync the named partners once, all at once, and close."""
        async with self.opened(loaded=True):
            await self.catalogue.sync_now(codes)

    async def read_partners(self) -> Sequence[PartnerStatus]:
        """Return how every partner stands, and close."""
        async with self.opened(loaded=True):
            return self.catalogue.follower.directory.statuses()

    async def read_quarantine(self, code: PartnerCode) -> Sequence[Quarantined]:
        """Return a partner's rows that could not be read, and close."""
        async with self.opened():
            return await self.catalogue.store.read_quarantine(code)

    async def read_readiness(self) -> Readiness:
        """Return whether questions can be answered, once databases and Redis have been asked."""
        standing = self.readiness()
        if not self.is_started:
            return standing
        down, helpers = await self.health.read_down()
        return Readiness(
            waiting_for=[*down, *standing.waiting_for], degraded=[*helpers, *standing.degraded]
        )

    def readiness(self) -> Readiness:
        """Return whether there is a catalogue to answer from, and which partners it lacks."""
        if not self.is_started:
            return Readiness(waiting_for=["databases"])
        missing = self.catalogue.follower.directory.coverage(()).missing
        codes = [each.partner.partner.code for each in missing]
        if not self.catalogue.follower.is_ready:
            return Readiness(waiting_for=[f"first sync of {code}" for code in codes])
        return Readiness(degraded=[f"partner {code}" for code in codes])

    def build_context(self, viewer: Viewer) -> Context:
        """Return what the resolvers of one request see."""
        now, catalogue, enrolment = utc_now(), self.catalogue, self.enrolment
        partners, seats = catalogue.follower.directory, enrolment.seats
        reader = catalogue.follower.reader(now, seats.taken, seats.booked, partners)
        return Context.at(
            self._desks,
            catalogue=reader,
            search=reader,
            changes=catalogue.changes.as_of(reader, catalogue.follower.snapshot),
            partners=partners,
            descriptions=DescriptionLoader(catalogue.store.read_descriptions),
            quotes=QuoteLoader(self.quotes.board.read_quotes),
            now=now,
            viewer=viewer,
        )

    @cached_property
    def _desks(self) -> Desks:
        catalogue, enrolment, operating = self.catalogue, self.enrolment, self.operating
        return Desks(
            enrolments=enrolment.enrolments,
            cancellations=enrolment.cancellations,
            progress=enrolment.progress,
            watch=enrolment.watch,
            reviews=enrolment.reviews,
            event_feed=enrolment.event_feed,
            seats=enrolment.seats,
            held=catalogue.held,
            list_desk=operating.lists,
            partner_desk=operating.partners,
            syncs=catalogue.watch,
            links=operating.links,
            decisions=catalogue.decisions,
            blocks=enrolment.blocks,
            approvals=operating.approvals,
            learners=enrolment.learners,
            reconciliations=enrolment.reconciliations,
            reports=enrolment.reports,
            refusals=operating.refusals,
        )

    def _hear(self, told: Told) -> None:
        if isinstance(told, CallReport):
            count_call(told)
        else:
            self.catalogue.hear(told)

    async def _upgrade(self) -> None:
        for database in (self.catalogue.database, self.enrolment.ledger):
            await asyncio.to_thread(upgrade, database)

    async def _open(self) -> None:
        """Bring the databases' tables up to date, and load what stands."""
        await self._upgrade()
        await self.catalogue.follower.refresh()

    async def _aclose(self) -> None:
        """Let go of everything."""
        await self.enrolment.reconciliations.stop()
        await self.quotes.aclose()
        await self.partners.aclose()
        await self.identity.aclose()
        await self.health.aclose()
        await self.cache.close()
        for database in (self.catalogue.database, self.enrolment.ledger):
            await asyncio.to_thread(database.close)


def _tell_when_dead(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("gateway.task_died", task=task.get_name(), exc_info=error)


async def _wind_down(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel what runs for ever; each tidies up on its way out."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, Exception):
            await task
