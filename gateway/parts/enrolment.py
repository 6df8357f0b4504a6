"""The enrolment part: the ledger, who writes into it, who delivers, and who keeps its times."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

import structlog

from gateway.catalogue.blocks import BlockFollower
from gateway.clock import utc_now
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
from gateway.enrolment.seats import SeatBoard
from gateway.enrolment.service import EnrolmentService
from gateway.enrolment.timekeeper import Timekeeper
from gateway.enrolment.unspent import UnspentMoney
from gateway.enrolment.watching import EnrolmentWatch
from gateway.keyrings import build_keyrings
from gateway.partners.statements import partners_with_statements
from gateway.parts.catalogue import CataloguePart
from gateway.parts.databases import open_database
from gateway.parts.partners import PartnersPart
from gateway.parts.rules import load_rules
from gateway.reports.enrolments import ReportDesk
from gateway.settings import Settings
from schema.model.values import PartnerCode
from schema.quote_ports import LiveQuotes

SEATS_SECONDS = 1.0  # how old the shown count of places taken through us may be
PRUNE_SECONDS = 3_600.0  # between two looks for idempotency keys that need not be kept

log = structlog.get_logger(__name__)


class EnrolmentPart:
    """Everything over the ledger's database; of the catalogue it asks only for facts."""

    def __init__(
        self,
        settings: Settings,
        partners: PartnersPart,
        catalogue: CataloguePart,
        quotes: LiveQuotes,
        holder: str,
    ) -> None:
        self._catalogue = catalogue
        self._quotes = quotes
        self._rules = load_rules(settings)
        self.ledger = open_database(settings, "ledger")
        self.watch = EnrolmentWatch(self.ledger)
        self.courier = Courier(
            self.ledger,
            partners.calls,
            now=utc_now,
            holder=holder,
            on_change=self.watch.notify,
            resting=partners.calls.resting,
        )
        self.enrolments = self._build_service(is_development=settings.is_development)
        self.learners = LearnerRegister(self.ledger, build_keyrings(settings), utc_now)
        self.blocks = BlockRegister(self.ledger, utc_now, self._follow_blocks)
        self._block_follower = BlockFollower(
            self.blocks,
            catalogue.database,
            utc_now,
            catalogue.follower.notify,
            hide=catalogue.follower.hide_blocked,
        )
        self.quotas = QuotaRegister(self.ledger, utc_now)
        self.reviews = ReviewDesk(self.ledger, now=utc_now, notify=self.notify)
        self.event_feed = EventFeed(self.ledger)
        self.seats = SeatBoard(self.ledger, self._fetched_at, utc_now)
        self.reports = ReportDesk(self.ledger)
        self._sealer = Sealer(self.ledger, now=utc_now, holder=holder)
        self._build_after_enrolling()
        self._build_reconciling(partners)

    def _build_service(self, *, is_development: bool) -> EnrolmentService:
        learners = (
            DevelopmentLearners(self.ledger, utc_now, self._rules)
            if is_development
            else ImportedLearners(self.ledger)
        )
        return EnrolmentService(
            self.ledger,
            self._catalogue.store,
            learners,
            now=utc_now,
            notify=self.courier.notify,
            rules=self._rules,
            quotes=self._quotes,
        )

    def _build_after_enrolling(self) -> None:
        store, rules = self._catalogue.store, self._rules
        self.cancellations = Cancellations(
            self.ledger, store, now=utc_now, rules=rules, notify=self.notify
        )
        self.progress = ProgressDesk(self.ledger, now=utc_now)
        windows = RedeemWindows(self.ledger, store, rules)
        self.partner_reports = PartnerReports(
            self.ledger, now=utc_now, notify=self.notify, judge=windows.check
        )
        self._unspent = UnspentMoney(self.ledger, rules, now=utc_now)
        self._overdue = OverdueAlarm(self.ledger, now=utc_now)
        self._timekeeper = Timekeeper(
            self.ledger,
            self.partner_reports,
            now=utc_now,
            notify=self.notify,
            lapsing=Lapsing(self.ledger, store, rules, now=utc_now),
            progress=self.progress,
        )

    def _build_reconciling(self, partners: PartnersPart) -> None:
        self.reconciler = Reconciler(self.ledger, partners.calls, now=utc_now)
        self.reconciled_partners = partners_with_statements(partners.configs)
        both = self.reconciler, self.reconciled_partners
        self.reconciliations = ReconciliationDesk(self.ledger, *both, now=utc_now)
        self.reconcile_schedule = ReconcileSchedule(self.ledger, *both, now=utc_now)

    def work(self, *, background: bool) -> list[Coroutine[Any, Any, None]]:
        """Return what runs for ever but for the courier, which has an end of its own."""
        following = [self._block_follower.run(), self._keep_counting_seats()]
        if not background:
            return following
        return [
            *following,
            self._keep_pruning(),
            self._sealer.run(),
            self.reconcile_schedule.run(),
            self._timekeeper.run(),
            self._unspent.run(),
            self._overdue.run(),
        ]

    def notify(self) -> None:
        """Look now: an enrolment was changed."""
        self.courier.notify()
        self.watch.notify()

    def _fetched_at(self, code: PartnerCode) -> datetime | None:
        return self._catalogue.follower.directory.freshness(code).fetched_at

    async def _follow_blocks(self) -> None:
        await self._block_follower.follow()

    async def _keep_pruning(self) -> None:
        while True:
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
