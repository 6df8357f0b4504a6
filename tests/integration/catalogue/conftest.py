"""A catalogue on both engines, with a clock that the test turns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Table, func, select

from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.links import LinkDesk
from gateway.catalogue.recognition import Recognition
from gateway.catalogue.store import CatalogueStore, StatusRow
from gateway.catalogue.sync import CatalogueSync, FetchPage
from gateway.partners.config import PartnerConfig
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from schema.model.catalogue import Offering
from schema.model.syncing import SyncProgress
from schema.model.values import CourseId, PartnerCode
from tests.catalogue import NOON, TOKOPEDIA, ScriptedPartner, a_partner


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    moment: datetime = NOON

    def __call__(self) -> datetime:
        return self.moment

    def turn(self, **by: float) -> datetime:
        self.moment += timedelta(**by)
        return self.moment


@dataclass
class Workbench:
    """A database with what tests do to it and ask of it."""

    database: Database
    clock: Clock = field(default_factory=Clock)

    @property
    def store(self) -> CatalogueStore:
        return CatalogueStore(self.database)

    async def sync(
        self,
        partner: FetchPage,
        config: PartnerConfig | None = None,
        report: Callable[[SyncProgress], None] = lambda _: None,
        *,
        accept_alarm: bool = False,
    ) -> SyncProgress:
        """Sync `partner` a minute after the last thing that happened."""
        self.clock.turn(minutes=1)
        sync = CatalogueSync(partner, self.database, self.clock)
        return await sync.sync(config or a_partner(), report, accept_alarm=accept_alarm)

    async def lists(self, *offerings: Offering) -> None:
        """Let one partner list exactly these."""
        [code] = {each.partner for each in offerings}
        done = await self.sync(ScriptedPartner(offerings), a_partner(code))
        assert done.failure is None

    def recogniser(self) -> Recognition:
        """Return what recognises all of it anew, a minute after the last thing that happened."""
        leases = Leases(self.database, self.clock)
        return Recognition(self.database, leases, lambda: self.clock.turn(minutes=1))

    async def course_of(self, offering: Offering) -> CourseId:
        fact = await self.store.read_fact(offering.id)
        assert fact is not None
        return fact.course_id

    async def rows(self, table: Table) -> list[dict[str, object]]:
        found = await self.database.read(lambda c: c.execute(select(table)).mappings().all())
        return [dict(row) for row in found]

    async def count(self, table: Table, *where: object) -> int:
        question = select(func.count()).select_from(table).where(*where)
        return await self.database.read(lambda c: c.execute(question).scalar_one())

    async def status(self, code: PartnerCode = TOKOPEDIA) -> StatusRow:
        return next(row for row in await self.store.read_statuses() if row.partner == code)

    async def live_titles(self) -> set[str]:
        """Return the titles of the offerings that somebody who starts now is shown."""
        follower = CatalogueFollower(self.store, [], self.clock)
        await follower.refresh()
        shown = follower.snapshot.courses.values()
        return {offering.listed.title for course in shown for offering in course.offerings}


@pytest.fixture
def desk(bench: Workbench) -> LinkDesk:
    """A desk whose decisions come a minute after the last thing that happened."""
    return LinkDesk(bench.database, lambda: bench.clock.turn(minutes=1))


@pytest.fixture
def bench(catalogue_db: Database) -> Workbench:
    """An empty catalogue, at noon."""
    return Workbench(catalogue_db)


@pytest.fixture
def recognising(bench: Workbench) -> Recognition:
    """What recognises the catalogue anew."""
    return bench.recogniser()
