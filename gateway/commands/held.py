"""`mitra partners held`, `approve`, `reject`, `runs`: the safety catch, and past syncs."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from gateway.app import Gateway
from gateway.catalogue.history import PastRun, read_runs
from gateway.catalogue.runs import Counts
from gateway.commands.codes import Code
from gateway.commands.ledger import needed_reason, to_actor
from gateway.settings import Settings
from schema.model.held import HeldSync, ListChange, SyncDecision
from schema.model.operating import ListVerdict
from schema.model.values import Money, PartnerCode

RunOption = Annotated[
    int | None,
    typer.Option("--run", help="The run that `mitra partners held` showed; asked for without it."),
]

ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; your login if not said.")]

ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the audit trail.")]


def register(partners: typer.Typer) -> None:
    """Add the commands to `mitra partners`."""
    partners.command("held")(held)
    partners.command("approve")(approve)
    partners.command("reject")(reject)
    partners.command("runs")(runs)


def held() -> None:
    """Show the lists that wait for a decision: why, and what they would change."""
    found = asyncio.run(_read_held())
    for each in found:
        typer.echo(to_text(each))
    if not found:
        typer.echo("nothing is held")


def approve(
    code: Code, *, reason: ReasonOption, run: RunOption = None, by: ByOption = None
) -> None:
    """Apply a partner's held list exactly as it was read."""
    number = _chosen(code, run, "approve")
    decision = _decided(number, reason, by, is_approval=True)
    _tell(decision, f"{code}: run {number} is applied", decision.revision)


def reject(code: Code, *, reason: ReasonOption, run: RunOption = None, by: ByOption = None) -> None:
    """Discard a partner's held list; the very same list is not asked about again."""
    number = _chosen(code, run, "reject")
    decision = _decided(number, reason, by, is_approval=False)
    _tell(decision, f"{code}: run {number} is discarded; the last good catalogue stays", None)


def runs(
    code: Code,
    limit: Annotated[int, typer.Option(help="How many, newest first.", min=1, max=50)] = 10,
) -> None:
    """Show what a partner's last sync runs came to."""
    for each in asyncio.run(_read_runs(PartnerCode(code), limit)):
        typer.echo(to_line(each))


def to_text(each: HeldSync) -> str:
    """Return a held list as people and `grep` read it."""
    lines = [
        f"{each.partner}\trun {each.run}\theld since {each.since:%Y-%m-%d %H:%M} UTC",
        *(f"  {alarm.kind}: {alarm.message}" for alarm in each.alarms),
        f"  {each.fetched} rows: {_counted(each)}; for example",
        *(f"    {_example(change)}" for change in each.examples),
        f"  mitra partners approve {each.partner} --run {each.run} --reason …",
        f"  mitra partners reject {each.partner} --run {each.run} --reason …",
    ]
    return "\n".join(lines)


def to_line(run: PastRun) -> str:
    """Return a run in one line."""
    counts = run.counts
    took = f"{run.took.total_seconds():.1f} s" if run.took is not None else f"at {run.cursor!r}"
    said = f"{run.pages} pages, {counts.fetched} rows: {_counted(counts)}"
    started = f"{run.started_at:%Y-%m-%d %H:%M:%S}"
    return f"{run.id}\t{started}\t{took}\t{run.outcome}\t{said}\t{run.reason or ''}"


def _counted(of: HeldSync | Counts) -> str:
    return (
        f"{of.added} new, {of.changed} changed, {of.unchanged} unchanged, "
        f"{of.withdrawn} withdrawn, {of.quarantined} quarantined"
    )


def _example(change: ListChange) -> str:
    prices = f"{_price(change.before)} -> {_price(change.after)}"
    return f"{change.kind.lower():<10}{change.key}\t{change.title}\t{prices}"


def _price(price: Money | None) -> str:
    return f"{price.currency} {price.amount}" if price else "-"


def _chosen(code: str, run: int | None, verb: str) -> int:
    """Return the run that is decided on: the one named, or the one shown and confirmed."""
    held_now = asyncio.run(_read_held())
    if run is not None:
        for each in held_now:
            if each.run == run and each.partner != code:
                raise typer.BadParameter(f"run {run} is of {each.partner}, not of {code}")
        return run
    found = next((each for each in held_now if each.partner == code), None)
    if found is None:
        raise typer.BadParameter(f"nothing of {code!r} is held; see `mitra partners held`")
    typer.echo(to_text(found))
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"name what you decide on: --run {found.run}")
    typer.confirm(f"{verb} run {found.run}?", abort=True)
    return found.run


def _tell(decision: SyncDecision, said: str, revision: int | None) -> None:
    for refusal in decision.refusals:
        typer.echo(f"mitra: {refusal.message}", err=True)
    if decision.refusals:
        raise typer.Exit(1)
    typer.echo(f"{said}: revision {revision}" if revision else said)


async def _read_held() -> Sequence[HeldSync]:
    gateway = Gateway(Settings())
    async with gateway.opened():
        return await gateway.catalogue.held.read_held()


async def _read_runs(code: PartnerCode, limit: int) -> Sequence[PastRun]:
    gateway = Gateway(Settings())
    async with gateway.opened():
        return await gateway.catalogue.database.read(
            lambda connection: read_runs(connection, code, limit)
        )


def _decided(run: int, reason: str, by: str | None, *, is_approval: bool) -> SyncDecision:
    verdict = ListVerdict(run, is_approval, needed_reason(reason), to_actor(by))
    return asyncio.run(_decide(verdict))


async def _decide(verdict: ListVerdict) -> SyncDecision:
    gateway = Gateway(Settings())
    async with gateway.opened():
        return await gateway.operating.lists.decide(verdict)
