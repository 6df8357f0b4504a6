"""The speed benchmark's figures: tables for people, JSON for machines, a row for the history."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gateway.bench.report import write_figures
from gateway.bench.speed.measuring import LIMIT, MITRA, PLAIN, SpeedReport
from gateway.bench.speed.turns import Figures, middle, processor_ratio, ratio, spread
from gateway.bench.speed.verdicts import BARRED, Verdict, to_verdicts

TABLE_WIDTH = 118  # characters, for less would break numbers
HISTORY = "<!-- history: newest last, written by `mitra bench speed --keep` -->"
_NAMES = {LIMIT: "constant bytes", MITRA: "Mitra,", PLAIN: "plain,"}
_COLUMNS = (
    "asked", "a second", "±", "p50 ms", "p95 ms", "p99 ms", "kB", "CPU ms", "cores",
    "of constant", "of plain",
)  # fmt: skip


def print_speed(console: Console, report: SpeedReport) -> None:
    """Print what was measured, and whether it is what is wanted."""
    if report.turns:
        console.print(_to_table(report))
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
    gap = gap or "\n"  # at the end of the page
    lines = f"{table.rstrip()}\n{to_row(report, day)}"
    page.write_text(f"{before}{mark}{lines}{gap}{rest}", encoding="utf-8")


def to_row(report: SpeedReport, day: date) -> str:
    """Return a line of the history's table."""
    found = {each.what: each for each in to_verdicts(report)}
    limit = f"{_rate(report, LIMIT)}" if LIMIT in report.turns else "-"
    rates = [_rate(report, f"{MITRA} {kind}") for kind in ("hot", "warm", "cold", "search")]
    ratios = [_value(found.get(name)) for name in BARRED]
    machine = f"{report.machine}, load {report.machine.load}"
    cells = (day.isoformat(), machine, str(report.task.workers), limit, *rates, *ratios)
    return "| " + " | ".join(cells) + f" | {report.served_mb:.0f} |"


def _to_table(report: SpeedReport) -> Table:
    pace, workers = report.task.pace, report.task.workers
    table = Table(
        title=f"{pace.connections} connections, {workers} serving process(es), medians of "
        f"{pace.rounds} rounds of {pace.seconds:g} s",
        caption="CPU ms and cores: of the server; in brackets: ratios of its processor time. Asked "
        f"by our own generator on raw sockets, which took {_asking(report):.0%} of a core at most.",
    )
    for name in _COLUMNS:
        is_first = name == "asked"
        table.add_column(name, justify="left" if is_first else "right", no_wrap=is_first)
    for name in report.turns:
        table.add_row(*_cells(report, name))
    return table


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
    yield f"{_NAMES.get(server, server + ',')} {kind}".strip()
    yield _rate(report, name)
    yield f"{spread(figures) / 2:.0%}"
    for read in (_p50, _p95, _p99):
        yield f"{middle(figures, read):.1f}"
    yield f"{middle(figures, lambda each: each.body_bytes) / 1_000:.1f}"
    yield f"{middle(figures, lambda each: each.processor_ms):.3f}"
    yield f"{middle(figures, lambda each: each.server_cores):.2f}"
    is_compared = server not in {LIMIT, PLAIN}
    limit, plain = report.turns.get(LIMIT), report.turns.get(f"{PLAIN} {kind}")
    yield _compared(figures, limit, 2) if limit and is_compared else ""
    yield _compared(figures, plain, 1) if plain and is_compared else ""


def _p50(figures: Figures) -> float:
    return figures.waits.p50_ms


def _p95(figures: Figures) -> float:
    return figures.waits.p95_ms


def _p99(figures: Figures) -> float:
    return figures.waits.p99_ms


def _compared(ours: Sequence[Figures], other: Sequence[Figures], digits: int) -> str:
    alone = processor_ratio(ours, other)
    told = "" if alone is None else f" ({alone:.{digits}f})"
    return f"{ratio(ours, other):.{digits}f}{told}"
