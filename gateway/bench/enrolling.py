"""How long an enrolment waits while a whole catalogue comes in, compared with idle times.

Learners come at a moderate, constant rate.  The sync runs in a process of its own, as it always
does.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, replace
from itertools import count

from sqlalchemy import select

from gateway.bench.quantiles import Waits, to_waits
from gateway.bench.syncing import Place, in_own_process, sync_behind
from gateway.catalogue.store import CatalogueStore
from gateway.clock import utc_now
from gateway.enrolment.learners import DevelopmentLearners
from gateway.enrolment.service import EnrolmentService
from gateway.storage.catalogue_tables import offering
from gateway.storage.engine import Database
from gateway.telemetry import configure_logging
from schema.model.enrolment import EnrolRequest
from schema.model.values import LearnerId, OfferingId, PartnerCode

PER_SECOND = 20
IDLE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class EnrolFigures:
    """What an enrolment waited at idle times and during a full sync."""

    idle: Waits
    syncing: Waits

    @property
    def ratio(self) -> float:
        """How much longer the slowest hundredth waits during a sync."""
        return self.syncing.p99_ms / self.idle.p99_ms


def measure_enrolling(place: Place) -> EnrolFigures:
    """Enrol while another partner's list comes in whole; some catalogue must stand."""
    configure_logging("console", level=logging.ERROR)
    return asyncio.run(_measure(place))


async def _measure(place: Place) -> EnrolFigures:
    catalogue, ledger = place.database("catalogue"), place.database("ledger")
    try:
        queue = await _build_queue(catalogue, ledger)
        await queue.enrol_during(asyncio.sleep(1))  # warm up
        idle = await queue.enrol_during(asyncio.sleep(IDLE_SECONDS))
        syncing = await queue.enrol_during(_sync_newcomers(place))
    finally:
        catalogue.close()
        ledger.close()
    return EnrolFigures(to_waits(idle), to_waits(syncing))


async def _sync_newcomers(place: Place) -> None:
    """Bring in whole lists of partners who are new, one after the other, for long enough."""
    began = time.monotonic()
    while time.monotonic() - began < IDLE_SECONDS:
        newcomer = replace(place, code=PartnerCode(f"newcomer_{secrets.token_hex(4)}"))
        await asyncio.to_thread(in_own_process, sync_behind, newcomer)


async def _build_queue(catalogue: Database, ledger: Database) -> "_Queue":
    learners = DevelopmentLearners(ledger, utc_now)
    service = EnrolmentService(ledger, CatalogueStore(catalogue), learners, now=utc_now)
    known = await catalogue.read(
        lambda connection: connection.execute(select(offering.c.id).limit(500)).scalars().all()
    )
    return _Queue(service, learners, [OfferingId(each) for each in known], count())


@dataclass(slots=True)
class _Queue:
    """Learners who enrol one after the other, each once."""

    service: EnrolmentService
    learners: DevelopmentLearners
    offerings: list[OfferingId]
    numbers: Iterator[int]

    async def enrol_during(self, work: Awaitable[object]) -> list[float]:
        """Return how long each enrolment took until `work` was done."""
        waits: list[float] = []
        doing = asyncio.ensure_future(work)
        enrolling: set[asyncio.Task[None]] = set()
        while not doing.done():
            enrolling.add(asyncio.create_task(self._enrol(waits)))
            await asyncio.wait([doing], timeout=1 / PER_SECOND)
        await asyncio.gather(doing, *enrolling)
        return waits

    async def _enrol(self, waits: list[float]) -> None:
        number = next(self.numbers)
        learner = LearnerId(f"bench-{time.time_ns()}-{number}")
        await self.learners.read_or_provision(learner)  # a first visit is not an enrolment
        offering_id = self.offerings[number % len(self.offerings)]
        began = time.perf_counter()
        await self.service.enrol(EnrolRequest(learner, offering_id, None, str(learner)))
        waits.append(time.perf_counter() - began)
