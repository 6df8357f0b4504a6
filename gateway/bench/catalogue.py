"""One size of catalogue, measured from the first sync to the last reader."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.bench.blocking import BlockFigures, measure_blocking
from gateway.bench.enrolling import EnrolFigures, measure_enrolling
from gateway.bench.partner import SyntheticPartner
from gateway.bench.search import measure_search
from gateway.bench.serving import ServedFigures, VisibleFigures, measure_served, measure_visible
from gateway.bench.syncing import Place, SyncFigures, in_own_process, measure_sync, prepare

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Task:
    """What to measure; `skipped` names parts to leave out."""

    size: int
    data_dir: Path
    database_url: str | None = None
    skipped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SyncReport:
    """Four syncs of one list: new, told unchanged, found unchanged, one row in 100 changed."""

    full: SyncFigures
    not_modified: SyncFigures
    hashes: SyncFigures
    change: SyncFigures


@dataclass(frozen=True, slots=True)
class CatalogueReport:
    """All that was measured at one size; None was left out."""

    size: int
    database: str
    sync: SyncReport
    visible: VisibleFigures | None
    block: BlockFigures | None
    enrol: EnrolFigures | None
    search: Any
    served: ServedFigures | None


def measure_catalogue(task: Task, say: Say) -> CatalogueReport:
    """Measure a catalogue of one size; every part runs in a process of its own."""
    with SyntheticPartner(task.size) as partner:
        place = Place(partner.address(told=True), task.data_dir, task.database_url)
        prepare(place)
        sync = _measure_syncs(task, place, partner, say)
        visible = None
        if "visible" not in task.skipped:
            say(f"{task.size:,}: from a change to the reader")
            partner.change()
            visible = in_own_process(measure_visible, place)
        block = None
        if "block" not in task.skipped:
            say(f"{task.size:,}: blocking the partner")
            block = in_own_process(measure_blocking, place)
        search, served = _measure_search(task, place, say)
        enrol = None
        if "enrol" not in task.skipped:  # last: it doubles the catalogue
            say(f"{task.size:,}: enrolling while a list comes in")
            enrol = in_own_process(measure_enrolling, place)
    kind = "PostgreSQL" if task.database_url else "SQLite"
    return CatalogueReport(task.size, kind, sync, visible, block, enrol, search, served)


def _measure_syncs(task: Task, place: Place, partner: SyntheticPartner, say: Say) -> SyncReport:
    plain = replace(place, address=partner.address(told=False))

    def measure(what: str, where: Place) -> SyncFigures:
        say(f"{task.size:,}: {what}")
        figures = in_own_process(measure_sync, where)
        say(
            f"  {figures.seconds:.2f} s (processor {figures.cpu_seconds:.2f} s), "
            f"{figures.written:,} rows written, {figures.memory_mb:.0f} MB above base"
        )
        return figures

    full = measure("full sync", place)
    not_modified = measure("unchanged, told by 304", place)
    hashes = measure("unchanged, found by hashes", plain)
    partner.change()
    change = measure("one row in a hundred changed", plain)
    return SyncReport(full, not_modified, hashes, change)


def _measure_search(task: Task, place: Place, say: Say) -> tuple[Any, ServedFigures | None]:
    """Search in the process, and through a served gateway."""
    if "search" in task.skipped:
        return None, None
    say(f"{task.size:,}: searching")
    return in_own_process(measure_search, task.size), measure_served(place)
