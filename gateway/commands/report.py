"""`mitra report enrolments` and `mitra report export`: who enrolled where, and for how much."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from sqlalchemy import Connection

from gateway.app import Gateway
from gateway.commands.tables import print_table
from gateway.reports import enrolments, export
from gateway.reports.columns import be_patient
from gateway.reports.files import PART, CannotWriteError, FileFormat, opened, write_rows
from gateway.settings import Settings
from schema.model.reports import BadReportError, ReportDimension, ReportQuery
from schema.model.values import PartnerCode

T = TypeVar("T")

report_app = typer.Typer(no_args_is_help=True, help="Enrolments and money, counted.")

_DAY_FORMATS = ["%Y-%m-%d"]
Since = Annotated[
    datetime | None, typer.Option(help="First day of enrolling, in Jakarta.", formats=_DAY_FORMATS)
]
Until = Annotated[
    datetime | None, typer.Option(help="Last day of enrolling, in Jakarta.", formats=_DAY_FORMATS)
]
Format = Annotated[FileFormat, typer.Option("--format", help="How it is written.")]
Out = Annotated[Path | None, typer.Option(help="Into this file instead of standard output.")]


@report_app.command("enrolments")
def report_enrolments(
    *,
    by: Annotated[
        str,
        typer.Option(
            help="One or two of partner, institution, region, category, day: `partner,day`."
        ),
    ] = "partner",
    since: Since = None,
    until: Until = None,
    kind: Format = FileFormat.TABLE,
    out: Out = None,
) -> None:
    """Count enrolments and their money by one or two things that were true at purchase."""
    query = _to_query(by, _to_day(since), _to_day(until))
    columns = enrolments.columns_of(query)

    def write(connection: Connection) -> int:
        be_patient(connection)
        rows = map(enrolments.to_values, enrolments.read_rows(connection, query))
        if kind is FileFormat.TABLE and out is None:
            print_table([column.name for column in columns], rows)
            return 0
        with opened(_file_format(kind), out, columns) as sink:
            return write_rows(sink, rows)

    _tell(_read(write), "groups", out)


@report_app.command("export")
def export_enrolments(
    *,
    since: Since = None,
    until: Until = None,
    partner: Annotated[str | None, typer.Option(help="Only this partner's.")] = None,
    kind: Format = FileFormat.CSV,
    out: Out = None,
) -> None:
    """Write every enrolment as a row, with its money and no personal data."""
    code = None if partner is None else PartnerCode(partner)
    query = export.ExportQuery(_to_day(since), _to_day(until), code)

    def write(connection: Connection) -> int:
        be_patient(connection)
        total = export.count_rows(connection, query) if out else 0
        with (
            opened(_file_format(kind), out, export.COLUMNS) as sink,
            progress(total) as told,
        ):
            return write_rows(sink, export.read_rows(connection, query), told)

    _tell(_read(write), "enrolments", out)


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show on standard error how far an export is: a bar for people, lines for logs."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda done: _tell_tenths(done, total)
        return
    parts = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*parts, console=console, transient=True) as bars:
        task = bars.add_task("", total=total or None)
        yield lambda done: bars.update(task, completed=done)


def _tell_tenths(done: int, total: int) -> None:
    """Write a line each time that another tenth is done."""
    before = max(done - PART, 0)
    if total and (done == total or done * 10 // total > before * 10 // total):
        sys.stderr.write(f"{done:,} of {total:,} enrolments\n")


def _to_query(by: str, since: date | None, until: date | None) -> ReportQuery:
    known = ", ".join(each.lower() for each in ReportDimension)
    try:
        dimensions = tuple(ReportDimension(word.strip().upper()) for word in by.split(","))
    except ValueError as exc:
        raise typer.BadParameter(f"{by!r}: name one or two of {known}") from exc
    try:
        return ReportQuery(dimensions, since, until)
    except BadReportError as exc:
        raise typer.BadParameter(str(exc)) from exc


def _to_day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _file_format(kind: FileFormat) -> FileFormat:
    if kind is FileFormat.TABLE:
        raise typer.BadParameter("a table is for the screen; write a file with --format csv")
    return kind


def _read(question: Callable[[Connection], T]) -> T:
    async def asked() -> T:
        gateway = Gateway(Settings())
        async with gateway.opened():
            return await gateway.enrolment.ledger.read(question)

    try:
        return asyncio.run(asked())
    except CannotWriteError as exc:
        typer.echo(f"mitra: {exc}", err=True)
        raise typer.Exit(1) from exc


def _tell(written: int, what: str, out: Path | None) -> None:
    if out:
        typer.echo(f"{written:,} {what} in {out}")
