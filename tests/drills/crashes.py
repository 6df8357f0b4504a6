"""`make drill-crashes`: kill a gateway at eight points, and see that nothing is lost or doubled.

python -m tests.drills.crashes --rounds 50 --engines sqlite,postgresql

Exits with 1 if anything is wrong; what, it tells line by line.
"""

import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.telemetry import configure_logging
from tests.drills.conduct import ByLearner
from tests.drills.crashing import LANES, WITHIN_SECONDS, Result, plan, run_rounds
from tests.drills.engines import ENGINES, opened
from tests.drills.findings import Kind
from tests.drills.partners import PartnersProcess
from tests.drills.points import Point

COUNTED = (Kind.LOST, Kind.DOUBLED, Kind.MONEY, Kind.AUDIT, Kind.LEFT_OVER, Kind.SLOW)
TELL_EVERY = 20  # rounds
WIDTH = 140


def crashes(
    rounds: Annotated[int, typer.Option(min=1, help="Kills at each point, on each engine.")] = 50,
    engines: Annotated[str, typer.Option(help="By commas.")] = ",".join(ENGINES),
    lanes: Annotated[int, typer.Option(min=1, help="Rounds side by side.")] = LANES,
) -> None:
    """Kill, restart, settle and examine."""
    configure_logging("console", level=logging.ERROR)
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDTH  # a file has room
    found = {engine: _drill(engine, rounds, lanes, console) for engine in engines.split(",")}
    for engine, results in found.items():
        console.print(_to_table(engine, results))
    faults = [fault for results in found.values() for each in results for fault in each.faults]
    console.print(f"{sum(map(len, found.values()))} kills, {len(faults)} faults")
    sys.exit(1 if faults else 0)


def _drill(engine: str, rounds: int, lanes: int, console: Console) -> Sequence[Result]:
    planned, began, done = plan(rounds), time.monotonic(), Counter[str]()

    def tell(result: Result) -> None:
        for fault in result.faults:
            console.print(f"{engine}: {result.round.point}: {fault.kind}: {fault.detail}")
        done["rounds"] += 1
        done["faults"] += len(result.faults)
        if done["rounds"] % TELL_EVERY == 0 or done["rounds"] == len(planned):
            since = time.monotonic() - began
            console.print(
                f"{engine}: {done['rounds']} of {len(planned)} kills, {done['faults']} faults, "
                f"{since:.0f} s"
            )

    with opened(engine) as ground, PartnersProcess(ground.first.data_dir, ByLearner()) as partners:
        return run_rounds(ground, partners, planned, lanes=lanes, tell=tell)


def _to_table(engine: str, results: Sequence[Result]) -> Table:
    table = Table(title=f"Kills on {engine}; settled within {WITHIN_SECONDS:.0f} s of the restart")
    names = ("killed", "kills", "enrolments", *COUNTED, "median s", "slowest s")
    for name in names:
        table.add_column(name, justify="left" if name == "killed" else "right")
    for point in Point:
        table.add_row(point, *_to_row([r for r in results if r.round.point is point]))
    table.add_section()
    table.add_row("all", *_to_row(results))
    return table


def _to_row(results: Sequence[Result]) -> list[str]:
    faults = Counter(fault.kind for each in results for fault in each.faults)
    seconds = sorted(each.seconds for each in results if each.seconds is not None)
    times = (f"{seconds[len(seconds) // 2]:.1f}", f"{seconds[-1]:.1f}") if seconds else ("-", "-")
    kills = len(results) - faults[Kind.UNREACHED]
    enrolments = sum(each.accepted for each in results)
    return [str(n) for n in (kills, enrolments, *(faults[kind] for kind in COUNTED))] + [*times]


if __name__ == "__main__":
    typer.run(crashes)
