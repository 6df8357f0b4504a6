"""`mitra webhooks`: which systems are told what happens to enrolments."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from gateway.clock import utc_now
from gateway.commands.learners import By
from gateway.commands.ledger import opened_ledger, to_actor
from gateway.keyrings import build_partner_api_keyring
from gateway.partner_api.vault import Vault
from gateway.partners.sandbox import partners_reach
from gateway.settings import Settings
from gateway.webhooks.payloads import UnknownEventError, to_statuses, to_type
from gateway.webhooks.posting import BadAddressError, check_address
from gateway.webhooks.subscriptions import Standing, SubscriptionError, Subscriptions

T = TypeVar("T")
Id = Annotated[str, typer.Argument(help="The subscription's id, as `list` shows it.")]

webhooks_app = typer.Typer(no_args_is_help=True, help="Systems that are told of every change.")


@webhooks_app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Where to: an https address.")],
    events: Annotated[
        str, typer.Option(help="Types by commas, such as enrolment.confirmed; all without it.")
    ] = "",
    by: By = None,
) -> None:
    """Subscribe a system to what happens from now on; show its secret, this once."""
    try:
        statuses = to_statuses([each.strip() for each in events.split(",") if each.strip()])
        asyncio.run(check_address(url, partners_reach(Settings())))
    except (UnknownEventError, BadAddressError) as exc:
        raise typer.BadParameter(str(exc)) from exc
    made, secret = _ask(lambda desk: desk.add(url, statuses, to_actor(by)))
    typer.echo(f"id\t{made.id}")
    typer.echo(f"secret\t{secret}")
    typer.echo("the secret is not shown again", err=True)


@webhooks_app.command("list")
def list_subscriptions() -> None:
    """List the subscriptions, and how far each is."""
    for standing in _ask(lambda desk: desk.read_all()):
        typer.echo(to_line(standing))


@webhooks_app.command("disable")
def disable(subscription: Id, by: By = None) -> None:
    """Send nothing more; `enable` goes on where it stopped."""
    found = _ask(lambda desk: desk.disable(subscription, to_actor(by)))
    typer.echo(f"{found.id} is disabled")


@webhooks_app.command("enable")
def enable(subscription: Id, by: By = None) -> None:
    """Send again, beginning with what has happened meanwhile."""
    found = _ask(lambda desk: desk.enable(subscription, to_actor(by)))
    typer.echo(f"{found.id} is active")


@webhooks_app.command("replay")
def replay(
    subscription: Id,
    since: Annotated[
        datetime | None,
        typer.Option(
            help="Send again all since then, in UTC.",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        ),
    ] = None,
    event: Annotated[int | None, typer.Option(help="Send this one event again.", min=1)] = None,
    by: By = None,
) -> None:
    """Send again what was sent before, under the same ids."""
    actor = to_actor(by)
    if event is not None and since is None:
        found = _ask(lambda desk: desk.replay_one(subscription, event, actor))
    elif since is not None and event is None:
        start = since.replace(tzinfo=UTC)
        found = _ask(lambda desk: desk.replay_since(subscription, start, actor))
    else:
        raise typer.BadParameter("say --since TIME or --event NUMBER")
    note = "; it is disabled: `mitra webhooks enable`" if found.disabled_at else ""
    typer.echo(f"{found.id} is sent it again{note}")


def to_line(standing: Standing) -> str:
    """Return a subscription in one line."""
    found = standing.subscription
    told = ",".join(map(to_type, found.statuses)) or "all"
    if found.disabled_at is not None:
        state = f"disabled {found.disabled_at:%Y-%m-%d %H:%M}: {found.disabled_for}"
    elif found.failing_since is not None:
        state = f"failing since {found.failing_since:%Y-%m-%d %H:%M}: {found.failure}"
    else:
        state = "active"
    counts = f"behind {standing.behind}, to repeat {standing.waiting}, lost {standing.given_up}"
    return f"{found.id}\t{found.url}\t{told}\t{counts}\t{state}"


def _ask(ask: Callable[[Subscriptions], Awaitable[T]]) -> T:
    """Return what `ask` finds of the subscriptions.  A wish that cannot be is a bad parameter."""
    settings = Settings()
    vault = Vault(build_partner_api_keyring(settings))

    async def run(desk: Subscriptions) -> T:
        return await ask(desk)

    with opened_ledger(settings) as database:
        try:
            return asyncio.run(run(Subscriptions(database, vault, utc_now)))
        except SubscriptionError as exc:
            raise typer.BadParameter(str(exc)) from exc
