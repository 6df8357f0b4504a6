"""`mitra bench`: how fast this machine answers, syncs large catalogues, and enrols."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from gateway.bench.catalogue import Task, measure_catalogue
from gateway.bench.crowded import ROOMY, measure_crowded
from gateway.bench.enrolment import Pace, measure_enrolment
from gateway.bench.enrolment_report import print_enrolments, write_enrolments
from gateway.bench.report import print_report, write_report
from gateway.bench.servers import running_postgres
from gateway.bench.speed.measuring import PARTS, measure_speed
from gateway.bench.speed.measuring import Task as SpeedTask
from gateway.bench.speed.peers import to_peer
from gateway.bench.speed.report import TABLE_WIDTH, keep_speed, print_speed, write_speed
from gateway.bench.speed.turns import Pace as SpeedPace
from gateway.commands.own_databases import own_databases
from gateway.settings import Settings

bench_app = typer.Typer(no_args_is_help=True, help="Measure this machine.")


@bench_app.callback()
def bench() -> None:
    """Measure the gateway on this machine; stop everything else first."""


@bench_app.command()
def speed(  # noqa: PLR0913, PLR0917 - options of a command
    seconds: Annotated[float, typer.Option(min=0.1, help="Per turn.")] = 3.0,
    rounds: Annotated[int, typer.Option(min=1, help="Medians are of so many.")] = 5,
    connections: Annotated[int, typer.Option(min=1, help="Who ask at a time.")] = 100,
    workers: Annotated[int, typer.Option(min=1, help="Serving processes of each server.")] = 1,
    courses: Annotated[int, typer.Option(min=200, help="In the catalogue.")] = 1_500,
    skip: Annotated[str, typer.Option(help=f"Of {','.join(PARTS)}, by commas.")] = "",
    out: Annotated[Path | None, typer.Option(help="Where to store the figures (JSON).")] = None,
    peer: Annotated[
        list[str] | None,
        typer.Option(help="Another gateway, NAME=COMMAND with {port} and {upstream} in it."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Page with a history to append to (docs/performance.md).")
    ] = None,
) -> None:
    """Compare a served gateway with its server's limit and with plain Strawberry."""
    skipped = frozenset(filter(None, skip.split(",")))
    if unknown := skipped.difference(PARTS):
        raise typer.BadParameter(f"{', '.join(unknown)}: --skip takes {','.join(PARTS)}")
    try:
        peers = tuple(map(to_peer, peer or ()))
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    console = Console(highlight=False)
    console.width = max(console.width, TABLE_WIDTH)
    task = SpeedTask(SpeedPace(connections, seconds, rounds), workers, courses, skipped, peers)
    report = measure_speed(task, say=console.print)
    print_speed(console, report)
    if out is not None:
        write_speed(out, report)
        console.print(f"stored in {out}")
    if keep is not None:
        keep_speed(keep, report, datetime.now(UTC).date())
        console.print(f"a row was added to {keep}")


@bench_app.command()
def catalogue(
    sizes: Annotated[str, typer.Option(help="Offerings, by commas.")] = "1500,100000",
    out: Annotated[Path | None, typer.Option(help="Where to store the figures (JSON).")] = None,
    database: Annotated[
        str | None,
        typer.Option(help="An empty PostgreSQL to fill; MITRA_DATABASE_URL or SQLite files."),
    ] = None,
    skip: Annotated[str, typer.Option(help="Of visible,block,enrol,search, by commas.")] = "",
) -> None:
    """Sync synthetic partners of these sizes through real HTTP, and search what came in."""
    counts = [_to_size(text) for text in sizes.split(",")]
    url = database or Settings().database_url
    if url is not None and len(counts) > 1:
        raise typer.BadParameter("PostgreSQL is measured with one size at a time: --sizes 100000")
    console, found = Console(highlight=False), []
    for size in counts:
        with TemporaryDirectory(prefix="mitra-bench-") as folder:
            task = Task(size, Path(folder), url, frozenset(skip.split(",")))
            found.append(measure_catalogue(task, say=console.print))
    print_report(console, found)
    if out is not None:
        write_report(out, found)
        console.print(f"stored in {out}")


@bench_app.command()
def enrolment(  # noqa: PLR0913, PLR0917 - options of a command
    engines: Annotated[str, typer.Option(help="By commas.")] = "sqlite,postgresql",
    callers: Annotated[str, typer.Option(help="Learners at a time, by commas.")] = "1,16,64,128",
    rounds: Annotated[int, typer.Option(min=1, help="Medians are of so many.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Per round.")] = 2.0,
    learners: Annotated[int, typer.Option(min=0, help="In a full ledger; 0: none is made.")] = 0,
    enrolments: Annotated[int, typer.Option(min=0, help="In the full ledger.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Where to store the figures (JSON).")] = None,
) -> None:
    """Compare enrolling with bare inserts, and a full PostgreSQL ledger with an empty one."""
    pace = Pace([_to_size(text) for text in callers.split(",")], rounds, seconds)
    console, found, crowded = Console(highlight=False), [], None
    for engine in engines.split(","):
        with own_databases(engine) as place:
            found.append(measure_enrolment(engine, *place, pace, console.print))
    if learners:
        with running_postgres(**ROOMY) as server, TemporaryDirectory() as folder:
            size = learners, enrolments
            crowded = measure_crowded(server, Path(folder), *size, pace, console.print)
    print_enrolments(console, found, crowded)
    if out is not None:
        write_enrolments(out, found, crowded)
        console.print(f"stored in {out}")


def _to_size(text: str) -> int:
    size = text.strip().replace("_", "")
    if not size.isdecimal() or int(size) < 1:
        raise typer.BadParameter(f"{text!r} is not a number of offerings: --sizes 1500,100000")
    return int(size)
