"""`mitra reconcile`: our enrolments, partners' statements and the money, compared."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from gateway.app import Gateway
from gateway.clock import utc_now
from gateway.commands.tables import print_table
from gateway.enrolment.calendar import day_of
from gateway.enrolment.reconcile_schedule import ReconcileSchedule
from gateway.enrolment.reconciliations import read_drifts
from gateway.reports.columns import Column, Kind
from gateway.reports.files import FileFormat, opened, write_rows
from gateway.settings import Settings
from schema.model.reconciliation import Reconciliation, ReconciliationState
from schema.model.values import PartnerCode
from schema.ports import Window

TURN_SECONDS, TURN_POLL_SECONDS = 300.0, 0.5  # for another process that reconciles just now
DRIFT_COLUMNS = (
    Column("partner"),
    Column("day", Kind.DAY),
    Column("kind"),
    Column("reference"),
    Column("enrolment_id"),
    Column("ours"),
    Column("theirs"),
    Column("amount", Kind.NUMBER),
    Column("detail"),
)
_HEADINGS = ("partner", "day", "state", "enrolments", "open", "ours", "theirs", "captured", "drift")
_DRIFT_HEADINGS = ("partner", "day", "kind", "count", "amount")


def reconcile(
    *,
    partner: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    day: Annotated[
        datetime | None,
        typer.Option(help="The day in Jakarta; yesterday if not said.", formats=["%Y-%m-%d"]),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every drift to this file.")] = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="Show what the last run found; ask nobody.")
    ] = False,
) -> None:
    """Compare a day's enrolments with partners' statements and the ledger; fail on drift."""
    gateway = Gateway(Settings())
    codes = _chosen(gateway, partner or [])
    wanted = day.date() if day else day_of(utc_now()) - timedelta(days=1)
    reports = asyncio.run(_reports(gateway, codes, wanted, csv, stored=stored))
    show(reports)
    is_clean = all(report.state is ReconciliationState.CLEAN for report in reports)
    raise typer.Exit(0 if is_clean else 1)


def show(reports: Sequence[Reconciliation]) -> None:
    """Print reports, then what they found by kind, then why some could not be made."""
    if not reports:
        typer.echo("nothing was compared")
        return
    print_table(_HEADINGS, map(_to_row, reports))
    drifts = [
        (report.partner, report.day, each.kind.value, each.count, f"{each.amount:,}")
        for report in reports
        for each in report.drifts
    ]
    if drifts:
        typer.echo()
        print_table(_DRIFT_HEADINGS, drifts)
    for report in reports:
        if report.reason:
            typer.echo(f"{report.partner} {report.day}: {report.reason}", err=True)


def _to_row(report: Reconciliation) -> tuple[Any, ...]:
    sums = (report.ours, report.theirs, report.captured, report.drift)
    told = (f"{each.count} · Rp {each.amount:,}" for each in sums)
    facts = (report.partner, report.day, report.state.value, report.enrolments, report.open)
    return (*facts, *told)


def _chosen(gateway: Gateway, codes: Sequence[str]) -> Sequence[PartnerCode]:
    known = gateway.enrolment.reconciled_partners
    for code in codes:
        if code not in known:
            raise typer.BadParameter(
                f"{code!r} gives no statements; those that do are {', '.join(known)}",
                param_hint="--partner",
            )
    return [PartnerCode(code) for code in codes] or known


async def _reports(
    gateway: Gateway,
    codes: Sequence[PartnerCode],
    day: date,
    csv: Path | None,
    *,
    stored: bool,
) -> Sequence[Reconciliation]:
    async with gateway.opened():
        if not stored:
            async with AsyncExitStack() as held:
                await _take_turn(gateway.enrolment.reconcile_schedule, held)
                for code in codes:
                    await gateway.enrolment.reconciler.reconcile(code, day)
        found = await gateway.enrolment.reconciliations.read_reports(
            Window(first=1_000), since=day, until=day
        )
        reports = [report for report in found.nodes if report.partner in codes]
        if csv:
            await gateway.enrolment.ledger.read(partial(_write, out=csv, reports=reports))
        return reports


async def _take_turn(schedule: ReconcileSchedule, held: AsyncExitStack) -> None:
    """Wait until no other process reconciles."""
    for _ in range(int(TURN_SECONDS / TURN_POLL_SECONDS)):
        turn = AsyncExitStack()
        if await turn.enter_async_context(schedule.turn()):
            held.push_async_callback(turn.aclose)
            return
        await turn.aclose()
        await asyncio.sleep(TURN_POLL_SECONDS)
    raise typer.BadParameter("another process is reconciling all the while; try again later")


def _write(connection: Connection, out: Path, reports: Sequence[Reconciliation]) -> None:
    with opened(FileFormat.CSV, out, DRIFT_COLUMNS) as sink:
        write_rows(sink, _drift_rows(connection, reports))


def _drift_rows(
    connection: Connection, reports: Sequence[Reconciliation]
) -> Iterator[tuple[Any, ...]]:
    for report in reports:
        for drift in read_drifts(connection, report.partner, report.day):
            yield (
                report.partner,
                report.day,
                drift.kind.value,
                drift.reference,
                drift.enrolment_id,
                drift.ours,
                drift.theirs,
                drift.amount,
                drift.detail,
            )
