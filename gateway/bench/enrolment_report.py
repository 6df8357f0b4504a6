"""The enrolment benchmark's figures as tables for people and as JSON for machines."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gateway.bench.crowded import Compared, CrowdedFigures
from gateway.bench.enrolment import EnrolmentFigures
from gateway.bench.report import write_figures


def print_enrolments(
    console: Console, engines: Sequence[EnrolmentFigures], crowded: CrowdedFigures | None
) -> None:
    """Print one table per engine, and one of the full ledger if it was measured."""
    for figures in engines:
        console.print(_table_of(figures))
        console.print(f"settled by a courier: {figures.settled_per_second:,.0f} a second")
    if crowded is not None:
        console.print(_table_of_crowded(crowded))


def write_enrolments(
    file: Path, engines: Sequence[EnrolmentFigures], crowded: CrowdedFigures | None
) -> None:
    """Store all figures with what they were measured on."""
    full = None
    if crowded is not None:
        ratios = {"enrol": crowded.enrol.ratio, "my_enrolments": crowded.my_enrolments.ratio}
        full = {**asdict(crowded), "ratios": ratios}
    write_figures(file, {"engines": [asdict(each) for each in engines], "crowded": full})


def _table_of(figures: EnrolmentFigures) -> Table:
    table = Table(title=f"Enrolling, {figures.engine}")
    for name in ("at a time", "a second", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right")
    numbers = list(figures.callers[0].ratio)
    for number in numbers:
        table.add_column(f"bare on {number}", justify="right")
        table.add_column("ratio", justify="right")
    for each in figures.callers:
        bare = (
            text
            for number in numbers
            for text in (f"{each.bare_per_second[number]:,.0f}", f"{each.ratio[number]:.2f}")
        )
        waits = f"{each.p50_ms:.1f}", f"{each.p99_ms:.1f}"
        table.add_row(str(each.callers), f"{each.per_second:,.0f}", *waits, *bare)
    return table


def _table_of_crowded(figures: CrowdedFigures) -> Table:
    size = f"{figures.learners:,} learners, {figures.enrolments:,} enrolments"
    table = Table(title=f"{size}, {figures.callers} at a time: p99 (p50) in ms")
    for name in ("", "empty", "full", "ratio of p99"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("enrol", *_row_of(figures.enrol))
    table.add_row("me { enrolments(first: 20) }", *_row_of(figures.my_enrolments))
    return table


def _row_of(compared: Compared) -> tuple[str, str, str]:
    return (
        f"{compared.empty_p99_ms:.1f} ({compared.empty_p50_ms:.1f})",
        f"{compared.full_p99_ms:.1f} ({compared.full_p50_ms:.1f})",
        f"{compared.ratio:.2f}",
    )
