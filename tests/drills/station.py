"""The part of a gateway that is drilled: enrolling, delivering, sealing; and its databases.

It is put together as `gateway.parts` are, over real databases, real adapters and guarded
calls with deadlines that suit partners on the same machine.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex

from sqlalchemy import func, select

from adapters.addresses import THIS_MACHINE
from adapters.registry import build_adapter
from adapters.sandbox.secrets import SANDBOX_PARTNERS as SANDBOX_CODES
from gateway.catalogue.store import CatalogueStore
from gateway.catalogue.sync import CatalogueSync
from gateway.enrolment.audit.sealer import Sealer
from gateway.enrolment.audit.verifying import read_tail
from gateway.enrolment.courier import Courier, EnrolmentCalls
from gateway.enrolment.learners import DevelopmentLearners
from gateway.enrolment.partner_reports import PartnerReports
from gateway.enrolment.reconcile import Reconciler
from gateway.enrolment.service import EnrolmentService
from gateway.enrolment.timekeeper import Timekeeper
from gateway.partners.adapters import AdapterPool
from gateway.partners.calls import PartnerCalls
from gateway.partners.config import PartnerConfig, load_partners
from gateway.partners.operations import DEADLINES, CallLimits, Operation
from gateway.partners.reports import CallReport
from gateway.partners.sandbox import SANDBOX_PARTNERS
from gateway.storage.catalogue_tables import offering
from gateway.storage.engine import Database, database_url
from gateway.storage.ledger_tables import enrolment, outbox
from gateway.storage.migrate import upgrade
from schema.model.enrolment import EnrolmentStatus, EnrolOutcome, EnrolRequest, RuleState
from schema.model.values import LearnerId, OfferingId, PartnerCode

SETTLED = frozenset({EnrolmentStatus.CONFIRMED, EnrolmentStatus.REJECTED})
LIMITS = CallLimits(
    deadlines={**DEADLINES, Operation.ENROL: 2.0, Operation.FIND: 2.0, Operation.CANCEL: 2.0}
)
FEW_CODES = ("skill_academy", "sisnaker", "tokopedia")  # JSON, XML, and tokens that end
Goods = Mapping[PartnerCode, Sequence[OfferingId]]


@dataclass(frozen=True, slots=True)
class Site:
    """Where a station keeps its databases, and finds the partners' addresses."""

    data_dir: Path
    database_url: str | None = None

    def database(self, schema: str) -> Database:
        """Open one of the two databases."""
        return Database(database_url(self.database_url, self.data_dir, schema), schema)

    def configs(self) -> tuple[PartnerConfig, ...]:
        """Return the partners."""
        return load_partners([SANDBOX_PARTNERS])


@dataclass(frozen=True, slots=True)
class Wish:
    """What one learner wants to enrol in; the idempotency key is the learner's name."""

    learner: str
    partner: PartnerCode
    offering: OfferingId

    @property
    def request(self) -> EnrolRequest:
        """The request to the service, the same however often it is made."""
        return EnrolRequest(LearnerId(self.learner), self.offering, None, f"key-{self.learner}")


@dataclass(slots=True)
class Backlog:
    """What is not settled yet."""

    unsettled: int
    errands: int
    unsealed: int

    @property
    def is_empty(self) -> bool:
        """Whether all is settled, delivered and sealed."""
        return not (self.unsettled or self.errands or self.unsealed)


@dataclass
class Station:
    """One process's share; `running` delivers and seals until the block ends."""

    site: Site
    ahead: timedelta = timedelta(0)  # by how much its clock is fast
    courier_kind: type[Courier] = Courier
    guard: Callable[[EnrolmentCalls], EnrolmentCalls] = lambda calls: calls
    on_call: Callable[[CallReport], None] = lambda _: None
    service: EnrolmentService = field(init=False)
    ledger: Database = field(init=False)

    def __post_init__(self) -> None:
        site = self.site
        self._holder = f"drill:{os.getpid()}:{token_hex(4)}"
        self.ledger, self._stored = site.database("ledger"), site.database("catalogue")
        self.catalogue = CatalogueStore(self._stored)
        self._pool = AdapterPool(
            site.configs(), site.data_dir, partial(build_adapter, reach=THIS_MACHINE)
        )
        self.calls = PartnerCalls(self._pool, LIMITS, report=self.on_call)
        self.courier = self.courier_kind(
            self.ledger,
            self.guard(self.calls),
            now=self.now,
            holder=self._holder,
            resting=self.calls.resting,
        )
        self.learners = DevelopmentLearners(self.ledger, self.now)
        self.service = EnrolmentService(
            self.ledger,
            self.catalogue,
            self.learners,
            now=self.now,
            notify=self.courier.notify,
        )
        self.reports = PartnerReports(self.ledger, now=self.now, notify=self.courier.notify)
        self.reconciler = Reconciler(self.ledger, self.calls, now=self.now)

    def now(self) -> datetime:
        """Return what the station's clock shows."""
        return datetime.now(UTC) + self.ahead

    async def enrol(self, wish: Wish) -> EnrolOutcome:
        """Ask the service as the learner would."""
        return await self.service.enrol(wish.request)

    async def backlog(self) -> Backlog:
        """Count what is not settled yet."""
        unsettled = select(func.count()).where(enrolment.c.status.not_in(sorted(SETTLED)))
        errands = select(func.count()).select_from(outbox)
        return await self.ledger.read(
            lambda c: Backlog(c.scalar(unsettled) or 0, c.scalar(errands) or 0, read_tail(c).rows)
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver, seal and keep the time."""
        sealer = Sealer(self.ledger, now=self.now, holder=self._holder)
        timekeeper = Timekeeper(self.ledger, self.reports, now=self.now, notify=self.courier.notify)
        delivering = asyncio.create_task(self.courier.run())
        tasks = [asyncio.create_task(each.run()) for each in (sealer, timekeeper)]
        try:
            yield
        finally:
            self.courier.stop()
            await delivering
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.aclose()

    async def aclose(self) -> None:
        """Let go of connections and databases."""
        await self._pool.aclose()
        for database in (self.ledger, self._stored):
            await asyncio.to_thread(database.close)


async def prepare(site: Site, codes: Collection[str] = SANDBOX_CODES) -> Goods:
    """Migrate both databases, bring in partners' lists, and return what can be enrolled in."""
    station = Station(site)
    try:
        for database in (station.ledger, station._stored):
            await asyncio.to_thread(upgrade, database)
        sync = CatalogueSync(station.calls.fetch_page, station._stored, station.now)
        for config in (each for each in site.configs() if each.code in codes):
            progress = await sync.sync(config)
            if progress.failure:
                raise RuntimeError(f"{config.code}: {progress.failure}")
        return await _read_goods(station)
    finally:
        await station.aclose()


async def _read_goods(station: Station, most: int = 20) -> Goods:
    """Return offerings, by partner, that nothing but the partner could refuse."""
    listed = await station._stored.read(
        lambda c: c.execute(select(offering.c.partner, offering.c.id).order_by(offering.c.id)).all()
    )
    goods: defaultdict[PartnerCode, list[OfferingId]] = defaultdict(list)
    for partner, key in listed:
        wish = Wish("probe", PartnerCode(partner), OfferingId(key))
        if len(goods[wish.partner]) < most and await _can_be_bought(station, wish):
            goods[wish.partner].append(wish.offering)
    return {partner: ids for partner, ids in goods.items() if ids}


async def _can_be_bought(station: Station, wish: Wish) -> bool:
    """Return whether no rule is against a wish, and money moves when it is granted."""
    fact = await station.catalogue.read_fact(wish.offering)
    if fact is None or fact.price is None or fact.price.amount == 0:
        return False
    verdicts = await station.service.read_verdicts(wish.request)
    return all(verdict.state is not RuleState.REFUSED for verdict in verdicts)
