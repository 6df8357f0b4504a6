"""One sync of the synthetic partner in a process of its own, timed and weighed."""

import asyncio
import logging
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, select

from adapters.addresses import THIS_MACHINE
from adapters.http import PartnerClient
from adapters.transport import build_http
from gateway.bench.partner import SyntheticAdapter
from gateway.catalogue.sync import CatalogueSync
from gateway.clock import utc_now
from gateway.partners.calls import PartnerCalls
from gateway.partners.config import PartnerConfig
from gateway.priority import BEHIND_SERVING, step_back
from gateway.storage.catalogue_tables import offering, revision
from gateway.storage.engine import Database, database_url
from gateway.storage.migrate import upgrade
from gateway.storage.sync_tables import sync_run
from gateway.telemetry import configure_logging
from schema.model.catalogue import Partner
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode, PartnerKind, PartnerState

PARTNER = PartnerCode("synthetic")
KILOBYTE, MEGABYTE = 1_024, 1_048_576

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a benchmark syncs from and to."""

    address: str
    data_dir: Path
    database_url: str | None = None
    code: PartnerCode = PARTNER

    def database(self, schema: str) -> Database:
        """Open one of the two databases."""
        return Database(database_url(self.database_url, self.data_dir, schema), schema)


@dataclass(frozen=True, slots=True)
class SyncFigures:
    """What a sync took; `written` counts offerings that it wrote."""

    seconds: float
    cpu_seconds: float  # of the syncing process
    fetched: int
    added: int
    changed: int
    unchanged: int
    written: int
    revision: int
    not_modified: bool
    memory_mb: float  # the process's peak above what it had when the sync began


def in_own_process(work: Callable[..., T], *arguments: object) -> T:
    """Return `work(*arguments)`, done in a fresh process: its peak memory is its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *arguments).result()


def prepare(place: Place) -> None:
    """Make both databases ready."""
    for schema in ("catalogue", "ledger"):
        database = place.database(schema)
        upgrade(database)
        database.close()


def measure_sync(place: Place) -> SyncFigures:
    """Sync once, and return what it took."""
    configure_logging("console", level=logging.ERROR)
    return asyncio.run(_measure_sync(place))


def sync_behind(place: Place) -> SyncFigures:
    """Sync as the syncing process of a gateway does: behind those who serve."""
    step_back(BEHIND_SERVING)
    return measure_sync(place)


async def run_sync(place: Place, database: Database) -> SyncProgress:
    """Sync the synthetic partner through the calls, the client and the transport of production."""
    config = to_config(place)
    client = PartnerClient(config.code, build_http(reach=THIS_MACHINE), address=config.address)
    adapter = SyntheticAdapter(client, config.code)
    calls = PartnerCalls(lambda _: adapter)
    try:
        sync = CatalogueSync(calls.fetch_page, database, utc_now)
        progress = await sync.sync(config, accept_alarm=True)
    finally:
        await client.aclose()
    if progress.failure:
        raise RuntimeError(f"the benchmark's sync failed: {progress.failure}")
    return progress


def to_config(place: Place) -> PartnerConfig:
    """Return the synthetic partner as a partners file would declare it."""
    partner = Partner(
        place.code, place.code.title(), PartnerKind.DIGITAL_PLATFORM, PartnerState.ACTIVE
    )
    return PartnerConfig(partner, adapter="synthetic", address=place.address)


async def _measure_sync(place: Place) -> SyncFigures:
    database = place.database("catalogue")
    try:
        await database.read(lambda connection: connection.execute(select(1)).scalar())
        base, began, worked = peak_memory_mb(), time.perf_counter(), time.process_time()
        done = await run_sync(place, database)
        seconds = time.perf_counter() - began
        worked = time.process_time() - worked
        memory = peak_memory_mb() - base
        written, number = await _read_written(database)
    finally:
        database.close()
    return SyncFigures(
        seconds=seconds,
        cpu_seconds=worked,
        fetched=done.fetched,
        added=done.added,
        changed=done.changed,
        unchanged=done.unchanged,
        written=written,
        revision=number,
        not_modified=done.not_modified,
        memory_mb=memory,
    )


async def _read_written(database: Database) -> tuple[int, int]:
    last = select(func.max(sync_run.c.id)).scalar_subquery()
    written = select(func.count()).select_from(offering).where(offering.c.changed_run == last)
    return await database.read(
        lambda connection: (
            connection.execute(written).scalar_one(),
            connection.execute(select(revision.c.number)).scalar_one(),
        )
    )


def peak_memory_mb(pid: int | None = None) -> float:
    """Return the most memory that a process has had so far: this one without `pid`."""
    status = Path("/proc", str(pid or "self"), "status")
    if status.exists() or pid:  # ru_maxrss would include the process that started this one
        peak = status.read_text().partition("VmHWM:")[2].split()[0]
        return int(peak) * KILOBYTE / MEGABYTE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE / MEGABYTE
