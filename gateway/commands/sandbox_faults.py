"""`mitra sandbox fault`, `calm` and `faults`: sandbox partners that misbehave on order."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from adapters.sandbox import control
from adapters.sandbox.faults.kinds import EVERYTHING, Asked
from adapters.sandbox.faults.orders import FaultOrder
from adapters.sandbox.faults.registry import FAULTS, UnknownFaultError, fault_named
from gateway.commands.codes import Code
from gateway.settings import Settings
from schema.model.values import PartnerCode


def register(sandbox_app: typer.Typer) -> None:
    """Add the commands to `mitra sandbox`."""
    sandbox_app.command("fault")(fault)
    sandbox_app.command("calm")(calm)
    sandbox_app.command("faults")(faults)


def fault(  # noqa: PLR0913, PLR0917 - typer's way of options
    code: Code,
    name: Annotated[str, typer.Argument(help="The fault; `mitra sandbox faults` lists them.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Of the requests.")] = 1.0,
    times: Annotated[int | None, typer.Option(min=1, help="How often at most.")] = None,
    after: Annotated[int, typer.Option(min=0, help="How many requests it spares first.")] = 0,
    seconds: Annotated[
        float | None, typer.Option(min=0.001, help="Its time, if it has one.")
    ] = None,
    on: Annotated[list[Asked] | None, typer.Option(help="Which requests; all without any.")] = None,
) -> None:
    """Let a sandbox partner misbehave until it is told to calm down."""
    try:
        known = fault_named(name)
    except UnknownFaultError as exc:
        raise typer.BadParameter(str(exc)) from exc
    order = FaultOrder(known, share, times, after, seconds, frozenset(on or EVERYTHING))
    control.set_fault(Settings().data_dir, PartnerCode(code), order)
    typer.echo(f"{code} {known.does}; `mitra sandbox calm {code}` ends it")


def calm(code: Code) -> None:
    """Let a sandbox partner behave again."""
    control.clear_faults(Settings().data_dir, PartnerCode(code))
    typer.echo(f"{code} behaves again")


def faults(
    code: Annotated[str | None, typer.Argument(help="A partner: those set there.")] = None,
) -> None:
    """List the faults that can be set, or those that are set at a partner."""
    if code is not None:
        for row in control.fetch_faults(Settings().data_dir, PartnerCode(code)):
            told = f"struck {row['struck']} of {row['seen']} requests"
            typer.echo(f"{row['fault']:<22}{row['does']}: {told}")
        return
    table = Table(box=None, header_style="bold")
    for heading in ("", "name", "the partner", "reading", "enrolling"):
        table.add_column(heading, overflow="fold")
    for each in FAULTS:
        reading = each.page or each.whole or "-"
        table.add_row(each.id, each.name, each.does, reading, each.booking or "-")
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 140  # for pipes: one line each
    console.print(table)
