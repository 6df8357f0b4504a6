"""The benchmark's figures as a table for people and as JSON for machines."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from gateway.bench.blocking import Turn
from gateway.bench.catalogue import CatalogueReport
from gateway.bench.enrolling import EnrolFigures
from gateway.bench.machine import this_machine
from gateway.bench.quantiles import Waits
from gateway.bench.syncing import SyncFigures


def print_report(console: Console, reports: Sequence[CatalogueReport]) -> None:
    """Print one row per figure and one column per size."""
    table = Table(title=f"Catalogue, {os.cpu_count()} cores, {reports[0].database}")
    table.add_column("")
    for report in reports:
        table.add_column(f"{report.size:,}", justify="right")
    columns = [dict(_lines(report)) for report in reports]
    for name in dict.fromkeys(name for column in columns for name in column):
        table.add_row(name, *(column.get(name, "-") for column in columns))
    console.print(table)


def write_report(file: Path, reports: Sequence[CatalogueReport]) -> None:
    """Store all figures with what they were measured on."""
    write_figures(file, {"catalogues": [asdict(report) for report in reports]})


def write_figures(file: Path, figures: dict[str, Any]) -> None:
    """Store figures as JSON with what they were measured on."""
    found = {"machine": asdict(this_machine()), **figures}
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    file.write_bytes(orjson.dumps(found, option=option, default=_to_plain))


def _lines(report: CatalogueReport) -> Iterator[tuple[str, str]]:
    sync = report.sync
    yield "full sync", _told(sync.full)
    yield "  offerings a second", f"{sync.full.fetched / sync.full.seconds:,.0f}"
    for name, figures in (
        ("unchanged, told by 304", sync.not_modified),
        ("unchanged, found by hashes", sync.hashes),
        ("1 % changed", sync.change),
    ):
        share = figures.seconds / sync.full.seconds
        yield name, f"{_told(figures)} = {share:.0%}"
        yield f"  {name}: rows written", str(figures.written)
    yield "sync memory above base", f"{max(s.memory_mb for s in (sync.full, sync.change)):.0f} MB"
    if report.visible:
        yield "change to visible", f"{report.visible.seconds:.1f} s"
        yield "  of it following", f"{report.visible.follow_seconds:.1f} s"
        yield "start of a reader", f"{report.visible.load_seconds:.1f} s"
        yield "following process", f"{report.visible.memory_mb:.0f} MB"
    if report.block:
        yield "block on the partner: nowhere shown", f"{report.block.seconds:.1f} s"
        yield "  of it in a process", _turned(report.block.begun)
        yield "its end, in a process", _turned(report.block.lifted)
    if report.enrol:
        yield "enrol p99, idle and beside a full sync", _compared(report.enrol)
    if report.served:
        yield "start of mitra serve", f"{report.served.start_seconds:.1f} s"
        yield "search over HTTP p50/p95/p99", _quantiles(report.served.search)
        yield "serving process, peak", f"{report.served.memory_mb:.0f} MB"
    yield from _found(report.search)


def _told(figures: SyncFigures) -> str:
    return f"{figures.seconds:.2f} s"


def _compared(figures: EnrolFigures) -> str:
    ratio = f"{figures.ratio:.1f}"
    return f"{figures.idle.p99_ms:.1f} -> {figures.syncing.p99_ms:.1f} ms = {ratio}"


def _turned(turn: Turn) -> str:
    return f"{turn.seen_seconds:.2f} s, stored in {turn.stored_seconds:.2f} s"


def _quantiles(waits: Waits) -> str:
    return f"{waits.p50_ms:.1f} / {waits.p95_ms:.1f} / {waits.p99_ms:.1f} ms"


def _found(search: Any) -> Iterator[tuple[str, str]]:
    """Yield what the search's own benchmark has found, whatever it calls it."""
    found = asdict(search) if is_dataclass(search) and not isinstance(search, type) else search
    if isinstance(found, dict):
        for name, value in found.items():
            yield f"search: {name}", f"{value:.1f}" if isinstance(value, float) else str(value)


def _to_plain(value: object) -> object:
    return str(value)
