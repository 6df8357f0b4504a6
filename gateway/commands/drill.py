"""`mitra drill`: what must never go wrong, tried with real databases and processes."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.commands.own_databases import own_databases
from gateway.drills.seats import Rush, RushResult, run_rushes
from gateway.storage.engine import database_url

drill_app = typer.Typer(no_args_is_help=True, help="Try what must never go wrong.")


@drill_app.callback()
def drill() -> None:
    """Try what must never go wrong; a violation exits non-zero."""


@drill_app.command()
def seats(
    seeds: Annotated[
        int, typer.Option(min=1, help="How many rushes, each differently mixed.")
    ] = 20,
    attempts: Annotated[int, typer.Option(min=1, help="Learners in a rush.")] = 10_000,
    capacity: Annotated[int, typer.Option(min=0, help="Seats in a rush.")] = 100,
    waiting: Annotated[int, typer.Option(min=0, help="Places on the waiting list.")] = 0,
    processes: Annotated[int, typer.Option(min=1, help="Processes that enrol.")] = 4,
    engines: Annotated[str, typer.Option(help="By commas.")] = "sqlite,postgresql",
) -> None:
    """Let thousands of learners rush for few seats: each seat is given exactly once."""
    rush = Rush(attempts, capacity, waiting, processes)
    console, has_faults = Console(highlight=False), False
    table = Table(title=f"{attempts:,} attempts, {capacity} seats, {processes} processes")
    for name in ("", "seeds", "held", "waiting", "full", "slowest answer", "attempts/s", "faults"):
        table.add_column(name, justify="left" if name == "" else "right")
    for engine in engines.split(","):
        with own_databases(engine) as (folder, configured):
            url = database_url(configured, folder, "ledger")
            results = run_rushes(url, rush, range(1, seeds + 1), lambda r: console.print(_told(r)))
        has_faults |= any(result.faults for result in results)
        table.add_row(engine, *_row_of(results))
    console.print(table)
    if has_faults:
        raise typer.Exit(1)


def _told(result: RushResult) -> str:
    said = ", ".join(f"{count:,} {word}" for word, count in sorted(result.answers.items()))
    return f"seed {result.seed}: {said} in {result.seconds:.1f} s" + "".join(
        f"\n  FAULT {fault}" for fault in result.faults
    )


def _row_of(results: Sequence[RushResult]) -> Iterator[str]:
    yield str(len(results))
    for word in ("RESERVED", "WAITLISTED", "COURSE_FULL"):
        counts = sorted({result.answers[word] for result in results})
        yield f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,}-{counts[-1]:,}"
    yield f"{max(result.slowest_seconds for result in results):.2f} s"
    total = sum(result.answers.total() for result in results)
    yield f"{total / sum(result.seconds for result in results):,.0f}"
    yield str(sum(len(result.faults) for result in results))
