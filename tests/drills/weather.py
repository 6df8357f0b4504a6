"""`make drill-partners`: enrol many while every partner fails and hangs, and lose nothing.

python -m tests.drills.weather --count 20000 --engines sqlite,postgresql

30 % of all requests fail and 5 % hang, before or after they took effect.  Once all is settled
the weather is fine again, and every partner is reconciled.  Exits with 1 if anything is wrong.
"""

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.telemetry import configure_logging
from tests.drills.conduct import Weather
from tests.drills.enduring import Course, endure
from tests.drills.engines import ENGINES, opened
from tests.drills.findings import Kind
from tests.drills.partners import PartnersProcess

COUNTED = (Kind.LOST, Kind.DOUBLED, Kind.MONEY, Kind.AUDIT, Kind.SLOW)
FAULTS_SHOWN = 20


def weather(
    count: Annotated[int, typer.Option(min=1, help="Enrolments, on each engine.")] = 20_000,
    engines: Annotated[str, typer.Option(help="By commas.")] = ",".join(ENGINES),
    failing: Annotated[float, typer.Option(help="Share of requests that fail.")] = 0.3,
    hanging: Annotated[float, typer.Option(help="Share of requests that hang.")] = 0.05,
    limit: Annotated[float, typer.Option(help="Seconds until all must be settled.")] = 3_600.0,
    seed: int = 1,
) -> None:
    """Enrol in bad weather, settle, reconcile and examine."""
    configure_logging("console", level=logging.CRITICAL)
    console, found = Console(highlight=False, soft_wrap=True), {}
    for engine in engines.split(","):
        sky = Weather(failing, hanging, seed)
        with opened(engine) as ground, PartnersProcess(ground.first.data_dir, sky) as partners:
            found[engine] = asyncio.run(
                endure(
                    ground.first,
                    partners,
                    count,
                    limit=limit,
                    say=lambda text, engine=engine: console.print(f"{engine}: {text}"),
                )
            )
        for fault in found[engine].faults[:FAULTS_SHOWN]:
            console.print(f"{engine}: {fault.kind}: {fault.detail}")
    console.print(_to_table(found))
    sys.exit(1 if any(course.faults for course in found.values()) else 0)


def _to_table(found: Mapping[str, Course]) -> Table:
    table = Table(title="Enrolments while every partner fails and hangs")
    table.add_column("")
    for engine in found:
        table.add_column(engine, justify="right")
    rows = [_to_rows(course) for course in found.values()]
    for cells in zip(*rows, strict=True):
        table.add_row(cells[0][0], *(cell[1] for cell in cells))
    return table


def _to_rows(course: Course) -> list[tuple[str, str]]:
    faults = Counter(fault.kind for fault in course.faults)
    settled = course.statuses["CONFIRMED"] + course.statuses["REJECTED"]
    clean = sum(report.state == "CLEAN" for report in course.reports)
    return [
        ("enrolments accepted", f"{len(course.accepted):,}"),
        ("confirmed", f"{course.statuses['CONFIRMED']:,}"),
        ("rejected", f"{course.statuses['REJECTED']:,}"),
        ("not settled", f"{course.statuses.total() - settled:,}"),
        ("requests to partners", f"{course.requests.total():,}"),
        ("of these failed", f"{course.failed:.1%}"),
        ("of these hung", f"{course.hung:.1%}"),
        ("guarded calls in doubt", f"{course.outcomes['ambiguous']:,}"),
        ("seconds until settled", f"{course.seconds:,.0f}"),
        *((kind.value, f"{faults[kind]:,}") for kind in COUNTED),
        ("partners' days reconciled", f"{clean} of {len(course.reports)} clean"),
        ("drift", f"{course.drift:,}"),
    ]


if __name__ == "__main__":
    typer.run(weather)
