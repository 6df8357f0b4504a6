"""`mitra blocks` and `mitra approvals`: what operators do, from a terminal."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from gateway.app import Gateway
from gateway.clock import utc_now
from gateway.settings import Settings
from schema.ids import NodeKind, plain_id
from schema.model.blocks import (
    Approval,
    Block,
    BlockOutcome,
    BlockRefusal,
    BlockScope,
    BlockWish,
    Decision,
    PendingOfferings,
)
from schema.model.values import OfferingId, PartnerCode
from schema.operators.blocks import to_wish

T = TypeVar("T")

blocks_app = typer.Typer(no_args_is_help=True, help="Central blocks: courses taken off sale.")
approvals_app = typer.Typer(no_args_is_help=True, help="What the programme lets partners sell.")

Reason = Annotated[str, typer.Option(help="Why; learners are told.")]
By = Annotated[str | None, typer.Option(help="Who decides; your login if not said.")]


@blocks_app.command("list")
def list_blocks(
    *, everything: Annotated[bool, typer.Option("--all", help="Lifted ones, too.")] = False
) -> None:
    """List the blocks, newest first."""

    async def ask(gateway: Gateway) -> None:
        for each in await gateway.enrolment.blocks.read_blocks(active=None if everything else True):
            typer.echo(_line(each))

    _run(ask)


@blocks_app.command("add")
def add_block(
    scope: Annotated[BlockScope, typer.Argument(help="By what.", case_sensitive=False)],
    value: Annotated[
        str, typer.Argument(help="Which: its id as GraphQL has it, or its code; none for bundles.")
    ] = "",
    *,
    reason: Reason,
    letter: Annotated[str, typer.Option(help="The letter that orders it.")],
    at: Annotated[
        datetime | None, typer.Option(help="From when on, UTC without offset; at once.")
    ] = None,
    by: By = None,
) -> None:
    """Block courses: new enrolments are refused, and they are no longer shown."""
    effective = at.replace(tzinfo=UTC) if at and at.tzinfo is None else at

    async def ask(gateway: Gateway) -> BlockOutcome:
        said = BlockWish(scope, value, reason, letter, effective)
        wish = to_wish(
            said, gateway.catalogue.follower.reader(utc_now()), gateway.catalogue.follower.directory
        )
        if isinstance(wish, BlockRefusal):
            return BlockOutcome(None, (wish,))
        return await gateway.enrolment.blocks.block(wish, _actor(by))

    _tell(_run(ask, loaded=True))  # what it names must be there


@blocks_app.command("lift")
def lift_block(
    number: Annotated[int, typer.Argument(help="The block's number.", min=1, max=2**31 - 1)],
    *,
    reason: Reason,
    by: By = None,
) -> None:
    """Lift a block: what it named is sold again."""
    _tell(_run(lambda gateway: gateway.enrolment.blocks.lift(number, reason, _actor(by))))


@approvals_app.command("list")
def list_approvals(
    partner: Annotated[str | None, typer.Argument(help="One partner's code.")] = None,
    limit: Annotated[int, typer.Option(help="How many to show.", min=1)] = 100,
) -> None:
    """List what waits for approval, longest first."""
    code = None if partner is None else PartnerCode(partner)

    async def ask(gateway: Gateway) -> PendingOfferings:
        return await gateway.catalogue.approvals.read_pending(code, limit)

    pending = _run(ask)
    for each in pending.offerings:
        typer.echo(f"{each.offering_id}\t{each.partner}\t{each.title}\t{each.institution}")
    typer.echo(f"{pending.total} waiting")


@approvals_app.command("approve")
def approve(
    offerings: Annotated[list[str] | None, typer.Argument(help="Offerings' ids.")] = None,
    partner: Annotated[str | None, typer.Option(help="All that wait of one partner.")] = None,
    reason: Annotated[str, typer.Option(help="A note for the record.")] = "",
    by: By = None,
) -> None:
    """Let offerings be shown and sold."""
    _decide(
        Decision(
            Approval.APPROVED,
            _actor(by),
            reason,
            tuple(map(_offering_id, offerings or [])),
            None if partner is None else PartnerCode(partner),
        )
    )


@approvals_app.command("revoke")
def revoke(
    offerings: Annotated[list[str], typer.Argument(help="Offerings' ids.")],
    *,
    reason: Reason,
    by: By = None,
) -> None:
    """Take offerings off sale until they are approved again."""
    ids = tuple(map(_offering_id, offerings))
    _decide(Decision(Approval.REVOKED, _actor(by), reason, ids))


def _decide(decision: Decision) -> None:
    changed = _run(lambda gateway: gateway.operating.approvals.decide(decision))
    typer.echo(f"{changed} {decision.approval.lower()}")


def _run(ask: Callable[[Gateway], Awaitable[T]], *, loaded: bool = False) -> T:
    """Return what `ask` finds of a gateway that is opened for it; its catalogue, if `loaded`."""

    async def run() -> T:
        gateway = Gateway(Settings())
        async with gateway.opened(loaded=loaded):
            return await ask(gateway)

    return asyncio.run(run())


def _tell(outcome: BlockOutcome) -> None:
    for refusal in outcome.refusals:
        typer.echo(refusal.message, err=True)
    if outcome.block is None:
        raise typer.Exit(1)
    typer.echo(_line(outcome.block))


def _line(block: Block) -> str:
    if block.lifted_at is not None:
        state = f"lifted {block.lifted_at:%Y-%m-%d %H:%M} UTC"
    elif block.is_in_force(utc_now()):
        state = "in force"
    else:
        state = f"from {block.effective_at:%Y-%m-%d %H:%M} UTC"
    return f"{block.id}\t{block.scope}\t{block.value}\t{state}\t{block.letter}\t{block.reason}"


def _offering_id(text: str) -> OfferingId:
    """Return the plain id that `text` is, or names."""
    return OfferingId(plain_id(NodeKind.OFFERING, text) or text)


def _actor(by: str | None) -> str:
    return by or getpass.getuser()
