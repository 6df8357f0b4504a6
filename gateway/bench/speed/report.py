"""The speed benchmark's figures: tables for people, JSON for machines, a row for the history."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gateway.bench.report import write_figures
from gateway.bench.speed.measuring import LIMIT, MITRA, PLAIN, SpeedReport
from gateway.bench.speed.turns import middle, ratio, spread
from gateway.bench.speed.verdicts import Verdict, to_verdicts

HISTORY = "<!-- history: newest last, written by `mitra bench speed --keep` -->"
_NAMES = {LIMIT: "constant bytes", MITRA: "Mitra,", PLAIN: "plain Strawberry,"}
_COLUMNS = (
    "asked", "a second", "±", "p50 ms", "p95 ms", "p99 ms", "kB", "CPU ms", "server's cores",
    "of constant", "of plain",
)  # fmt: skip
_RATIOS = ("hot, of constant bytes", "warm, of constant bytes", "cold, times plain Strawberry",
    "search, times plain Strawberry", "hot p99, times its p50")  # fmt: skip


def print_speed(console: Console, report: SpeedReport) -> None:
    """Print what was measured, and whether it is what is wanted."""
    pace, workers = report.task.pace, report.task.workers
    table = Table(
        title=f"{pace.connections} connections, {workers} serving process(es), medians of "
        f"{pace.rounds} rounds of {pace.seconds:g} s",
        caption="asked by our own generator on raw sockets, which took "
        f"{_asking(report):.0%} of a core at most",
    )
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name == "asked" else "right")
    for name in report.turns:
        table.add_row(*_cells(report, name))
    console.print(table)
    verdicts = Table(title="What is wanted")
    for name in ("", "measured", "wanted", ""):
        verdicts.add_column(name, justify="right" if name else "left")
    for each in to_verdicts(report):
        told = "reached" if each.is_reached else "not reached"
        verdicts.add_row(each.what, f"{each.value:.2f}", each.wanted, told)
    console.print(verdicts)


def write_speed(file: Path, report: SpeedReport) -> None:
    """Store everything, round by round."""
    told: dict[str, Any] = asdict(report)
    told["task"]["skipped"] = sorted(report.task.skipped)
    told["verdicts"] = [
        {**asdict(each), "reached": each.is_reached} for each in to_verdicts(report)
    ]
    write_figures(file, told)


def keep_speed(page: Path, report: SpeedReport, day: date) -> None:
    """Append a row to the history in a page.  Raises `ValueError` if it has none."""
    text = page.read_text(encoding="utf-8")
    if HISTORY not in text:
        raise ValueError(f"{page} has no history to append to: put {HISTORY} before its table")
    before, mark, after = text.partition(HISTORY)
    table, gap, rest = after.partition("\n\n")
    page.write_text(f"{before}{mark}{table}\n{to_row(report, day)}{gap}{rest}", encoding="utf-8")


def to_row(report: SpeedReport, day: date) -> str:
    """Return a line of the history's table."""
    found = {each.what: each for each in to_verdicts(report)}
    limit = f"{_rate(report, LIMIT)}" if LIMIT in report.turns else "-"
    rates = [_rate(report, f"{MITRA} {kind}") for kind in ("hot", "warm", "cold", "search")]
    ratios = [_value(found.get(name)) for name in _RATIOS]
    machine = f"{report.machine}, load {report.machine.load}"
    cells = (day.isoformat(), machine, str(report.task.workers), limit, *rates, *ratios)
    return "| " + " | ".join(cells) + f" | {report.served_mb:.0f} |"


def _value(verdict: Verdict | None) -> str:
    return "-" if verdict is None else f"{verdict.value:.2f}"


def _rate(report: SpeedReport, name: str) -> str:
    figures = report.turns.get(name)
    return f"{middle(figures, lambda each: each.per_second):,.0f}" if figures else "-"


def _asking(report: SpeedReport) -> float:
    return max(each.asking_cores for rounds in report.turns.values() for each in rounds)


def _cells(report: SpeedReport, name: str) -> Iterator[str]:
    server, _, kind = name.partition(" ")
    figures = report.turns[name]
    yield f"{_NAMES[server]} {kind}".strip()
    yield _rate(report, name)
    yield f"{spread(figures) / 2:.0%}"
    for read in ("p50_ms", "p95_ms", "p99_ms"):
        yield f"{middle(figures, lambda each, read=read: getattr(each.waits, read)):.1f}"
    yield f"{middle(figures, lambda each: each.body_bytes) / 1_000:.1f}"
    yield f"{middle(figures, lambda each: each.processor_ms):.3f}"
    yield f"{middle(figures, lambda each: each.server_cores):.2f}"
    limit, plain = report.turns.get(LIMIT), report.turns.get(f"{PLAIN} {kind}")
    yield f"{ratio(figures, limit):.2f}" if limit and server == MITRA else ""
    yield f"{ratio(figures, plain):.1f}" if plain and server == MITRA else ""
