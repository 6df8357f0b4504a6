"""A partner that grows overnight: from 1,500 offerings to 16,000, and to 150,000.

Shows that the safety catch holds the list, that an operator's approval applies it, that time
grows linearly with the list, and that memory does not.  Every size runs in a process of its
own, so that one's peak is not another's.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from adapters.base import Cursor, Page, Validators
from gateway.catalogue.decisions import HeldLists
from gateway.catalogue.store import CatalogueStore
from gateway.catalogue.sync import CatalogueSync
from gateway.partners.config import PartnerConfig
from gateway.storage.engine import Database, database_url
from gateway.storage.leases import Leases
from gateway.storage.migrate import upgrade
from schema.model.catalogue import Category, ListedCourse, Offering, Partner
from schema.model.values import Money, PartnerCode, PartnerKind, PartnerState, RemoteId

BEFORE = 1_500
SIZES = (16_000, 150_000)  # both over ten times
PAGE = 500
DESCRIPTION = "<p>" + "Belajar menyeduh kopi bersama pelatih. " * 75 + "</p>"  # 3 kB
MOST_MEMORY_MB = 256  # over base, while a list is read and applied
LINEAR_WITHIN = 1.5  # an offering of the long list may cost so much more than one of the short
CODE = PartnerCode("tumbuh")


@dataclass(frozen=True, slots=True)
class Growth:
    """What it took to go from `BEFORE` offerings to `offerings`."""

    offerings: int
    held: bool
    sync_seconds: float
    approve_seconds: float
    cpu_seconds: float  # of both together, so that a busy machine does not count
    applied: int
    memory_mb: float  # peak over base


@dataclass(frozen=True, slots=True)
class GrowthReport:
    """All sizes; `linearity` is the work per offering of the last size to that of the first."""

    sizes: tuple[Growth, ...]
    linearity: float

    @property
    def is_good(self) -> bool:
        """Whether every bar is met."""
        return self.linearity <= LINEAR_WITHIN and all(
            each.held and each.applied == each.offerings and each.memory_mb <= MOST_MEMORY_MB
            for each in self.sizes
        )


def measure_growth(sizes: Sequence[int] = SIZES, database: str | None = None) -> GrowthReport:
    """Return what growing to each of `sizes` takes; `database` is an empty PostgreSQL's URL.

    Without it every size has an SQLite file of its own; with it, there can be one size only.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        found = tuple(pool.submit(_measure, size, database).result() for size in sizes)
    first, last = found[0], found[-1]
    per_offering = last.cpu_seconds / last.offerings
    linearity = per_offering / (first.cpu_seconds / first.offerings)
    return GrowthReport(found, round(linearity, 2))


def _measure(size: int, url: str | None) -> Growth:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(database_url(url, Path(folder), "catalogue"), "catalogue")
        upgrade(database)
        try:
            return asyncio.run(_grow(database, size))
        finally:
            database.close()


async def _grow(database: Database, size: int) -> Growth:
    held_lists = HeldLists(database, Leases(database, _now), _now)
    await CatalogueSync(_List(BEFORE), database, _now).sync(_config())
    base, began, worked = _peak_mb(), time.monotonic(), time.process_time()
    done = await CatalogueSync(_List(size), database, _now).sync(_config())
    synced = time.monotonic()
    for held in await held_lists.read_held():
        await held_lists.approve(held.run, "bench")
    approved = time.monotonic()
    worked = time.process_time() - worked
    [status] = await CatalogueStore(database).read_statuses()
    return Growth(
        offerings=size,
        held=done.withheld is not None,
        sync_seconds=round(synced - began, 2),
        approve_seconds=round(approved - synced, 2),
        cpu_seconds=round(worked, 2),
        applied=status.offerings,
        memory_mb=round(_peak_mb() - base, 1),
    )


class _List:
    """A partner's list of `size` offerings; a `FetchPage` that makes each page when asked."""

    def __init__(self, size: int) -> None:
        self._size = size

    async def __call__(
        self, code: PartnerCode, cursor: Cursor | None, known: Validators | None
    ) -> Page:
        del known
        start = int(cursor or 0)
        end = min(start + PAGE, self._size)
        return Page(
            offerings=tuple(_offering(code, number) for number in range(start, end)),
            next_cursor=Cursor(str(end)) if end < self._size else None,
            total=self._size,
            fields=dict.fromkeys(("id", "title", "price"), end - start),
        )


def _offering(code: PartnerCode, number: int) -> Offering:
    return Offering(
        partner=code,
        key=RemoteId(str(number)),
        listed=ListedCourse(
            title=f"Kursus Nomor {number}",
            institution=f"LKP {number % 200}",
            description_html=DESCRIPTION,
            category=Category(f"bidang-{number % 12}", f"Bidang {number % 12}"),
        ),
        price=Money(50_000 + number),
    )


def _config() -> PartnerConfig:
    partner = Partner(CODE, "Tumbuh", PartnerKind.DIGITAL_PLATFORM, PartnerState.ACTIVE)
    return PartnerConfig(
        partner, adapter="bench", address="https://partner.test", interval=timedelta(hours=1)
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _peak_mb() -> float:
    """Return the most memory that this process has had, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    report = measure_growth([int(size) for size in sys.argv[1:]] or SIZES)
    for each in report.sizes:
        sys.stdout.write(f"{each}\n")
    sys.stdout.write(f"linearity {report.linearity:.2f}, good: {report.is_good}\n")
    sys.exit(0 if report.is_good else 1)
