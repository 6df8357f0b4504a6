"""`mitra audit`: verify the trail, and keep its head where nobody who can change it reaches."""

import asyncio
from typing import Annotated

import typer

from gateway.commands.ledger import opened_ledger
from gateway.enrolment.audit.chain import to_head
from gateway.enrolment.audit.sealer import read_head
from gateway.enrolment.audit.verifying import Tail, verify
from gateway.settings import Settings

audit_app = typer.Typer(no_args_is_help=True, help="The audit trail.")


@audit_app.command("verify")
def verify_trail(
    head: Annotated[
        str | None, typer.Option(help="A head of old, as `mitra audit head` printed it.")
    ] = None,
) -> None:
    """Verify every sealed row; name the first bad one and fail."""
    try:
        kept = None if head is None else to_head(head)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--head") from exc
    with opened_ledger(Settings()) as database:
        found = asyncio.run(database.read(lambda connection: verify(connection, kept)))
    typer.echo(_to_sentence(found.tail))
    if found.fault is not None:
        typer.echo(f"good until {found.good.number:,}; then: {found.fault}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{found.good.number:,} rows verified; head {found.good}")


@audit_app.command("head")
def show_head() -> None:
    """Print how far the chain reaches, to be kept elsewhere and given to `verify --head`."""
    with opened_ledger(Settings()) as database:
        typer.echo(str(asyncio.run(database.read(read_head))))


def _to_sentence(tail: Tail) -> str:
    if tail.oldest is None:
        return "nothing waits to be sealed"
    since = f"{tail.oldest:%Y-%m-%d %H:%M:%S} UTC"
    return f"{tail.rows:,} rows wait to be sealed, the oldest of {since}; are workers running?"
