"""A ledger and a catalogue to enrol in, and learners who do: what the enrolment benchmark uses."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from gateway.bench.partner import SyntheticPartner
from gateway.bench.quantiles import Waits, to_waits
from gateway.bench.syncing import Place, in_own_process, measure_sync, prepare
from gateway.catalogue.records import from_payload
from gateway.catalogue.store import CatalogueStore
from gateway.clock import utc_now
from gateway.enrolment.learners import ImportedLearners
from gateway.enrolment.service import EnrolmentService
from gateway.storage.catalogue_tables import offering
from gateway.storage.engine import Database
from schema.model.enrolment import EnrolRequest
from schema.model.values import LearnerId, OfferingId

OFFERINGS = 1_500  # in the catalogue, as many as the programme has


@dataclass(frozen=True, slots=True)
class EnrolRate:
    """How many enrolments a second were accepted, and how long each waited for its answer."""

    per_second: float
    waits: Waits
    refused: int


@dataclass(frozen=True, slots=True)
class Stand:
    """Everything that enrolling takes, opened: production's classes over real databases."""

    ledger: Database
    catalogue: Database
    service: EnrolmentService
    offerings: Sequence[OfferingId]

    async def enrol_all(
        self, learners: Iterator[LearnerId], callers: int, seconds: float
    ) -> EnrolRate:
        """Let learners enrol, so many at a time and one after the other, for so long."""
        waits: list[float] = []
        refused, began = 0, time.perf_counter()

        async def enrol() -> None:
            nonlocal refused
            for number, learner in enumerate(learners):
                wanted = self.offerings[len(waits) % len(self.offerings)]
                asked = time.perf_counter()
                if asked - began > seconds:
                    return
                request = EnrolRequest(learner, wanted, None, f"key-{number}")
                outcome = await self.service.enrol(request)
                waits.append(time.perf_counter() - asked)
                refused += bool(outcome.refusals)

        await asyncio.gather(*(enrol() for _ in range(callers)))
        took = time.perf_counter() - began
        return EnrolRate((len(waits) - refused) / took, to_waits(waits), refused)

    def close(self) -> None:
        """Close both databases."""
        self.catalogue.close()
        self.ledger.close()


def make_stand(folder: Path, url: str | None) -> Callable[[], Stand]:
    """Sync a catalogue into empty databases; return how to open a stand over them."""
    with SyntheticPartner(OFFERINGS) as partner:
        place = Place(partner.address(told=False), folder, url)
        prepare(place)
        in_own_process(measure_sync, place)
    return lambda: _open(place)


def _open(place: Place) -> Stand:
    catalogue, ledger = place.database("catalogue"), place.database("ledger")
    service = EnrolmentService(
        ledger, CatalogueStore(catalogue), ImportedLearners(ledger), now=utc_now
    )
    with catalogue.engine.connect() as connection:
        rows = connection.execute(select(offering.c.payload).order_by(offering.c.id)).scalars()
        found = [from_payload(payload) for payload in rows]
    # a session is another offering's business: the drill is about seats
    return Stand(ledger, catalogue, service, [each.id for each in found if not each.sessions])
