"""`mitra check`: what a partner can be relied on for, as a report that its engineers can act on."""

import asyncio
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.checking.bench import Bench
from gateway.checking.faulty import check_faults
from gateway.checking.live import capabilities_of, check_live
from gateway.checking.verdicts import Mark, Report, Verdict
from gateway.clock import utc_now
from gateway.partners.config import PartnerConfig
from gateway.parts.partners import PartnersPart
from gateway.settings import Settings
from schema.model.values import PartnerCode

_STYLES = {Mark.PASSED: "green", Mark.FAILED: "red", Mark.SKIPPED: "dim"}
_PIPE_WIDTH = 160


def check(
    partner: Annotated[str, typer.Argument(help="The partner's code, such as tokopedia.")],
    pages: Annotated[int, typer.Option(min=1, help="Pages of its list to read at most.")] = 50,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the report for machines there.")
    ] = None,
    *,
    enrol: Annotated[
        bool, typer.Option("--enrol", help="Make a test booking, and cancel it.")
    ] = False,
    faults: Annotated[
        bool, typer.Option("--faults", help="Set every fault at a private sandbox of it.")
    ] = False,
) -> None:
    """Check a live partner, only reading unless told otherwise, and print a scored report."""
    report = asyncio.run(_check(partner, pages, with_booking=enrol, with_faults=faults))
    print_report(report)
    if json_file is not None:
        json_file.write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
    raise typer.Exit(0 if report.is_good else 1)


async def _check(code: str, pages: int, *, with_booking: bool, with_faults: bool) -> Report:
    part = PartnersPart(Settings(), lambda _: None)
    try:
        config = _known(part, code)
        bench = Bench(
            part.calls, config.code, capabilities_of(config), utc_now, time.monotonic, pages
        )
        verdicts = await check_live(bench, with_booking=with_booking)
        if with_faults:
            verdicts += await _fault_verdicts(config)
    finally:
        await part.aclose()
    return Report(code, verdicts)


async def _fault_verdicts(config: PartnerConfig) -> list[Verdict]:
    with TemporaryDirectory(prefix="mitra-check-") as folder:
        return [verdict async for verdict in check_faults(config, Path(folder), utc_now)]


def _known(part: PartnersPart, code: str) -> PartnerConfig:
    configs = {config.code: config for config in part.configs}
    config = configs.get(PartnerCode(code))
    if config is not None and config.pushes:
        raise typer.BadParameter(f"{code} brings its list itself: there is nothing to call")
    if config is not None:
        return config
    known = ", ".join(configs) or "none: set MITRA_PARTNERS"
    raise typer.BadParameter(f"{code!r} is not a partner; known are {known}")


def print_report(report: Report) -> None:
    """Print what was checked, and the score on the last line."""
    table = Table(box=None, header_style="bold")
    for heading in ("", "", "check", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for verdict in report.verdicts:
        style = _STYLES[verdict.mark]
        mark = f"[{style}]{verdict.mark}[/]"
        reason = escape(verdict.reason)  # partners' words may look like markup
        table.add_row(verdict.part, mark, verdict.check, reason, verdict.advice)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    console.print(table)
    counts = ", ".join(f"{report.count(mark)} {mark}" for mark in Mark)
    score = "nothing could be checked" if report.score is None else f"score {report.score} of 100"
    console.print(f"{report.partner}: {score} ({counts})")
