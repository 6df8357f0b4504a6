"""`mitra partners pause`, `resume`: leave a partner alone for a while."""

import asyncio
from typing import Annotated

import typer

from gateway.app import Gateway
from gateway.commands.codes import Code
from gateway.commands.learners import By
from gateway.commands.ledger import needed_reason, to_actor
from gateway.settings import Settings
from schema.model.operating import PartnerCommand, PartnerOrder, PartnerOutcome
from schema.model.values import PartnerCode

Reason = Annotated[str, typer.Option(help="Why, for the audit trail.")]


def register(partners: typer.Typer) -> None:
    """Add the commands to `mitra partners`."""
    partners.command("pause")(pause)
    partners.command("resume")(resume)


def pause(code: Code, *, reason: Reason, by: By = None) -> None:
    """Stop reading a partner's list and enrolling in its courses, until it is resumed."""
    _order(PartnerCommand.PAUSE, code, reason, by)
    typer.echo(f"{code} is paused; `mitra partners resume {code}` goes on with it")


def resume(code: Code, *, reason: Reason, by: By = None) -> None:
    """Go on with a paused partner; whoever syncs reads its list at once."""
    _order(PartnerCommand.RESUME, code, reason, by)
    typer.echo(f"{code} is resumed")


def _order(command: PartnerCommand, code: str, reason: str, by: str | None) -> None:
    order = PartnerOrder(PartnerCode(code), command, needed_reason(reason), to_actor(by))
    for refusal in asyncio.run(_carry_out(order)).refusals:
        raise typer.BadParameter(refusal.message)


async def _carry_out(order: PartnerOrder) -> PartnerOutcome:
    gateway = Gateway(Settings())
    async with gateway.opened():
        return await gateway.operating.partners.order(order)
