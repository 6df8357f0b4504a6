"""The composition root: builds everything that one process runs, starts it and stops it."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from adapters.registry import build_adapter
from gateway.cache.base import Cache
from gateway.cache.memory import MemoryCache
from gateway.cache.redis import build_redis_cache
from gateway.catalogue.approvals import ApprovalDesk
from gateway.catalogue.blocks import BlockFollower
from gateway.catalogue.changes import ChangeFeed
from gateway.catalogue.decisions import HeldLists
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.leases import Leases
from gateway.catalogue.links import LinkDesk
from gateway.catalogue.published import PublishedCourses
from gateway.catalogue.rates import load_rates
from gateway.catalogue.scheduler import SyncScheduler
from gateway.catalogue.store import CatalogueStore, Quarantined
from gateway.catalogue.sync import CatalogueSync, Report, SyncProgress, report_to_nobody
from gateway.enrolment.audit.sealer import Sealer
from gateway.enrolment.blocks import BlockRegister
from gateway.enrolment.cancelling import Cancellations
from gateway.enrolment.courier import Courier
from gateway.enrolment.feed import EventFeed
from gateway.enrolment.intake.desk import LearnerRegister
from gateway.enrolment.lapsing import Lapsing
from gateway.enrolment.learners import DevelopmentLearners, ImportedLearners
from gateway.enrolment.overdue import OverdueAlarm
from gateway.enrolment.partner_reports import PartnerReports
from gateway.enrolment.progress import ProgressDesk
from gateway.enrolment.quotas import QuotaRegister
from gateway.enrolment.reconcile import Reconciler
from gateway.enrolment.reconcile_requests import ReconciliationDesk
from gateway.enrolment.reconcile_schedule import ReconcileSchedule
from gateway.enrolment.redeeming import RedeemWindows
from gateway.enrolment.reviews import ReviewDesk
from gateway.enrolment.rules.book import BUILT_IN, RuleBook, load_rule_book
from gateway.enrolment.seats import SeatBoard
from gateway.enrolment.service import EnrolmentService
from gateway.enrolment.timekeeper import Timekeeper
from gateway.enrolment.unspent import UnspentMoney
from gateway.enrolment.watching import EnrolmentWatch
from gateway.execution.answers import SharedAnswers
from gateway.keyrings import build_keyrings
from gateway.partners.adapters import AdapterPool
from gateway.partners.calls import CallReport, PartnerCalls
from gateway.partners.config import PartnerConfig, load_partners
from gateway.partners.sandbox import partners_files
from gateway.partners.statements import partners_with_statements
from gateway.reports.enrolments import ReportDesk
from gateway.settings import Settings
from gateway.storage.engine import Database, database_url
from gateway.storage.migrate import upgrade
from gateway.telemetry import (
    CACHE_UNAVAILABLE,
    PARTNER_CALL_SECONDS,
    PARTNER_CALLS,
    configure_logging,
)
from gateway.web import explorer, pages
from gateway.web.examples import build_ready_operations
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.health import Readiness, build_routes
from gateway.web.identity import build_verifier
from gateway.web.sitemap import MOST_URLS
from schema.build import build_schema, export_sdl
from schema.context import Context, Viewer
from schema.loaders import DescriptionLoader
from schema.model.catalogue import PartnerStatus
from schema.model.values import PartnerCode
from schema.model.viewer import ANONYMOUS

TURN_SECONDS = 300.0  # how long `mitra sync` waits for another process's sync of a partner
TURN_POLL_SECONDS = 0.2
PRUNE_SECONDS = 3_600.0  # between two looks for changes that need not be kept
SEATS_SECONDS = 1.0  # how old the shown count of places taken through us may be

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Return the present moment: the one clock of a running gateway."""
    return datetime.now(UTC)


class Gateway:
    """Everything that one process runs over one catalogue and one ledger.

    Making it opens nothing; `running` does.  `report` hears of every sync's progress and
    may be replaced at any time.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.report: Report = report_to_nobody
        self.is_started = False
        self.configs: Sequence[PartnerConfig] = load_partners(partners_files(settings))
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._build_databases()
        self._build_partners()
        self._build_enrolment()
        self._build_reports()
        self.cache = _build_cache(settings)
        self.verifier = build_verifier(settings.data_dir, is_development=settings.is_development)

    def _build_databases(self) -> None:
        def database(schema: str) -> Database:
            url = database_url(self.settings.database_url, self.settings.data_dir, schema)
            return Database(url, schema)

        self.catalogue, self.ledger = database("catalogue"), database("ledger")
        self.store = CatalogueStore(self.catalogue)
        self.changes = ChangeFeed(self.catalogue)
        self.follower = CatalogueFollower(
            self.store, self.configs, utc_now, rates=load_rates(self.settings.rates)
        )
        self.held = HeldLists(
            self.catalogue, Leases(self.catalogue, utc_now), utc_now, notify=self.follower.notify
        )
        self.links = LinkDesk(self.catalogue, utc_now, notify=self.follower.notify)

    def _build_partners(self) -> None:
        self._adapters = AdapterPool(self.configs, self.settings.data_dir, build_adapter)
        self.calls = PartnerCalls(self._adapters, report=_count_call)
        self._scheduler = SyncScheduler(
            CatalogueSync(self.calls.fetch_page, self.catalogue, utc_now).sync,
            self.store,
            Leases(self.catalogue, utc_now),
            utc_now,
            report=self._hear,
        )

    def _build_enrolment(self) -> None:
        rules = load_rules(self.settings)
        learners = (
            DevelopmentLearners(self.ledger, utc_now, rules)
            if self.settings.is_development
            else ImportedLearners(self.ledger)
        )
        self.watch = EnrolmentWatch(self.ledger)
        self._courier = Courier(
            self.ledger, self.calls, now=utc_now, holder=self._holder, on_change=self.watch.notify
        )
        self.enrolments = EnrolmentService(
            self.ledger,
            self.store,
            learners,
            now=utc_now,
            notify=self._courier.notify,
            rules=rules,
        )
        self.learners = LearnerRegister(self.ledger, build_keyrings(self.settings), utc_now)
        self._sealer = Sealer(self.ledger, now=utc_now, holder=self._holder)
        self._build_after_enrolling(rules)
        self.blocks = BlockRegister(self.ledger, utc_now, self._follow_blocks)
        self.block_follower = BlockFollower(
            self.blocks, self.catalogue, utc_now, self.follower.notify
        )
        self.approvals = ApprovalDesk(self.catalogue, utc_now, self.follower.notify)
        self.seats = SeatBoard(
            self.ledger, lambda code: self.follower.directory.freshness(code).fetched_at, utc_now
        )

    def _build_after_enrolling(self, rules: RuleBook) -> None:
        def notify() -> None:
            self._courier.notify()
            self.watch.notify()

        self.cancellations = Cancellations(
            self.ledger, self.store, now=utc_now, rules=rules, notify=notify
        )
        self.progress = ProgressDesk(self.ledger, now=utc_now)
        windows = RedeemWindows(self.ledger, self.store, rules)
        self.partner_reports = PartnerReports(
            self.ledger, now=utc_now, notify=notify, judge=windows.check
        )
        self.reviews = ReviewDesk(self.ledger, now=utc_now, notify=notify)
        self.event_feed = EventFeed(self.ledger)
        self.quotas = QuotaRegister(self.ledger, utc_now)
        self._unspent = UnspentMoney(self.ledger, rules, now=utc_now)
        self._overdue = OverdueAlarm(self.ledger, now=utc_now)
        self._timekeeper = Timekeeper(
            self.ledger,
            self.partner_reports,
            now=utc_now,
            notify=notify,
            lapsing=Lapsing(self.ledger, self.store, rules, now=utc_now),
            progress=self.progress,
        )

    def _build_reports(self) -> None:
        self.reports = ReportDesk(self.ledger)
        self.reconciler = Reconciler(self.ledger, self.calls, now=utc_now)
        self.reconciled_partners = partners_with_statements(self.configs)
        self.reconciliations = ReconciliationDesk(
            self.ledger, self.reconciler, self.reconciled_partners, now=utc_now
        )
        self.reconcile_schedule = ReconcileSchedule(
            self.ledger, self.reconciler, self.reconciled_partners, now=utc_now
        )

    @asynccontextmanager
    async def running(self, *, background: bool) -> AsyncIterator[None]:
        """Migrate, load, and keep everything going; `background` also syncs and delivers."""
        await self.open()
        work: list[Coroutine[Any, Any, None]] = [
            self.block_follower.run(),
            self.follower.run(),
            self._keep_counting_seats(),
        ]
        if background:
            work += [self._scheduler.run(self.configs), self._keep_pruning()]
            work += [self._sealer.run(), self.reconcile_schedule.run(), self._timekeeper.run()]
            work += [self._unspent.run(), self._overdue.run()]
        tasks = [asyncio.create_task(each) for each in work]
        delivering = [asyncio.create_task(self._courier.run())] if background else []
        tasks += delivering
        for task in tasks:
            task.add_done_callback(_tell_when_dead)
        self.is_started = True
        log.info("gateway.started", partners=len(self.configs), background=background)
        try:
            yield
        finally:
            self._courier.stop()  # it ends the calls under way, within a bound of its own
            await asyncio.gather(*delivering, return_exceptions=True)
            await _wind_down(tasks)
            await self.aclose()
            log.info("gateway.stopped")

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Migrate, run nothing, and close: for one look or one change."""
        for database in (self.catalogue, self.ledger):
            await asyncio.to_thread(upgrade, database)
        try:
            yield
        finally:
            await self.aclose()

    async def migrate(self) -> None:
        """Bring the databases' tables up to date, and close."""
        await self.open()
        await self.aclose()

    async def sync_now(self, codes: Sequence[PartnerCode]) -> None:
        """Sync the named partners once, all at once, and close."""
        wanted = [config for config in self.configs if config.code in codes]
        await self.open()
        try:
            await asyncio.gather(*map(self._sync_in_turn, wanted))
        finally:
            await self.aclose()

    async def _sync_in_turn(self, config: PartnerConfig) -> None:
        """Sync one partner, after another process that is at it has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TURN_SECONDS):
                while await self._scheduler.sync_once(config) is None:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(TURN_POLL_SECONDS)
                return
        self.report(_busy(config.code))

    async def read_partners(self) -> Sequence[PartnerStatus]:
        """Return how every partner stands, and close."""
        await self.open()
        try:
            return self.follower.directory.statuses()
        finally:
            await self.aclose()

    async def read_quarantine(self, code: PartnerCode) -> Sequence[Quarantined]:
        """Return a partner's rows that could not be read, and close."""
        await self.open()
        try:
            return await self.store.read_quarantine(code)
        finally:
            await self.aclose()

    def readiness(self) -> Readiness:
        """Return whether questions can be answered, and what is not as it should be."""
        if not self.is_started:
            return Readiness(waiting_for=["databases"])
        missing = self.follower.directory.coverage(()).missing
        codes = [each.partner.partner.code for each in missing]
        if not self.follower.is_ready:
            return Readiness(waiting_for=[f"first sync of {code}" for code in codes])
        return Readiness(degraded=[f"partner {code}" for code in codes])

    def build_context(self, viewer: Viewer) -> Context:
        """Return what the resolvers of one request see."""
        now = utc_now()
        reader = self.follower.reader(now, self.seats.taken, self.seats.booked)
        return Context(
            catalogue=reader,
            search=reader,
            descriptions=DescriptionLoader(self.store.read_descriptions),
            partners=self.follower.directory,
            enrolments=self.enrolments,
            cancellations=self.cancellations,
            progress=self.progress,
            watch=self.watch,
            reviews=self.reviews,
            event_feed=self.event_feed,
            seats=self.seats,
            held=self.held,
            changes=self.changes.as_of(reader, self.follower.snapshot),
            links=self.links,
            blocks=self.blocks,
            approvals=self.approvals,
            learners=self.learners,
            reconciliations=self.reconciliations,
            reports=self.reports,
            now=now,
            viewer=viewer,
        )

    def epoch(self) -> str:
        """Return the name of the state that public answers are made of."""
        return f"{self.follower.snapshot.revision}.{self.follower.partner_epoch}"

    async def aclose(self) -> None:
        """Let go of everything."""
        await self.reconciliations.stop()
        await self._adapters.aclose()
        await self.cache.close()
        for database in (self.catalogue, self.ledger):
            await asyncio.to_thread(database.close)

    async def _follow_blocks(self) -> None:
        await self.block_follower.follow()

    async def open(self) -> None:
        """Bring the databases' tables up to date, and load what stands."""
        for database in (self.catalogue, self.ledger):
            await asyncio.to_thread(upgrade, database)
        await self.follower.refresh()

    def _hear(self, progress: SyncProgress) -> None:
        self.report(progress)
        if progress.finished:
            self.follower.notify()

    async def _keep_pruning(self) -> None:
        while True:
            try:
                gone = await self.changes.prune(self.settings.changes_kept)
                log.info("changes.pruned", rows=gone)
            except Exception:
                log.exception("changes.prune_failed")
            try:
                log.info("keys.pruned", rows=await self.enrolments.prune_keys())
            except Exception:
                log.exception("keys.prune_failed")
            await asyncio.sleep(PRUNE_SECONDS)

    async def _keep_counting_seats(self) -> None:
        while True:
            try:
                await self.seats.refresh()
            except Exception:
                log.exception("seats.refresh_failed")
            await asyncio.sleep(SEATS_SECONDS)


def create_app(settings: Settings, gateway: Gateway | None = None) -> Starlette:
    """Return the web application of one process."""
    served = gateway or Gateway(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with served.running(background=settings.background):
            yield

    endpoint = GraphQLEndpoint(
        build_schema(_log_surprise),
        identify=served.verifier.identify,
        build_context=served.build_context,
        explorer=_build_explorer(served) if settings.is_development else None,
        allowed_origins=[settings.public_origin] if settings.public_origin else [],
    )
    routes: list[Route | WebSocketRoute | Mount] = [
        Route("/graphql", SharedAnswers(endpoint, served.cache, served.epoch)),
        WebSocketRoute("/graphql", endpoint),
        *build_routes(served.readiness, export_sdl()),
        *pages.build_routes(_build_site(served)),
    ]
    if settings.is_development:  # it may be built while we run
        routes.append(Mount("/explorer", StaticFiles(directory=explorer.STATIC, check_dir=False)))
    return Starlette(routes=routes, lifespan=lifespan)


def create_app_from_environment() -> Starlette:
    """Return the web application as the environment describes it: what servers import."""
    settings = Settings()
    configure_logging(settings.log_format)
    return create_app(settings)


def load_rules(settings: Settings) -> RuleBook:
    """Return the built-in rules, and those that the settings add."""
    return load_rule_book(BUILT_IN, *([settings.rules] if settings.rules else []))


def _build_cache(settings: Settings) -> Cache:
    if settings.redis_url is None:
        return MemoryCache()
    return build_redis_cache(settings.redis_url, on_unavailable=CACHE_UNAVAILABLE.inc)


def _build_site(gateway: Gateway) -> pages.Site:
    return pages.Site(
        base_url=gateway.settings.base_url,
        courses=PublishedCourses(gateway.catalogue, gateway.changes, MOST_URLS),
        cache=gateway.cache,
        snapshot=lambda: gateway.follower.snapshot,
        build_context=lambda: gateway.build_context(ANONYMOUS),
    )


def _build_explorer(gateway: Gateway) -> Callable[[Request], str]:
    def page(request: Request) -> str:
        operations = build_ready_operations(gateway.build_context, gateway.settings.data_dir)
        return explorer.to_page(operations, address=str(request.base_url).rstrip("/"))

    return page


def _log_surprise(error: Exception, error_id: str) -> None:
    log.error("graphql.unexpected_error", error_id=error_id, exc_info=error)


def _count_call(report: CallReport) -> None:
    labels = (report.partner, report.operation)
    PARTNER_CALLS.labels(*labels, report.outcome).inc()
    PARTNER_CALL_SECONDS.labels(*labels).observe(report.seconds)


def _busy(code: PartnerCode) -> SyncProgress:
    return SyncProgress(
        code, finished=True, failure="another process has been syncing it all the while"
    )


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
