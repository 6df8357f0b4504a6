"""`mitra partners secret`: what partners sign their webhooks with."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, TypeVar

import typer

from gateway.clock import utc_now
from gateway.commands.credentials import ask_desk, to_age
from gateway.commands.learners import By
from gateway.commands.ledger import to_actor
from gateway.webhooks.partner_secrets import PartnerSecrets, SecretEntry
from schema.model.values import PartnerCode

T = TypeVar("T")

secret_app = typer.Typer(
    no_args_is_help=True, help="Secrets that partners sign their webhooks with."
)


@secret_app.command("new")
def new(
    code: Annotated[str, typer.Argument(help="The partner's code, such as tokopedia.")],
    by: By = None,
) -> None:
    """Make a secret for a partner and show it, this once; those that it has stay good."""
    made = _ask(lambda secrets: secrets.make(PartnerCode(code), to_actor(by)))
    typer.echo(f"secret\t{made.secret}")
    typer.echo(f"secret {made.entry.id}: it is not shown again", err=True)


@secret_app.command("list")
def list_secrets() -> None:
    """List the secrets' ids, without what is secret."""
    for entry in _ask(lambda secrets: secrets.read_all()):
        typer.echo(to_line(entry))


@secret_app.command("retire")
def retire(
    secret: Annotated[str, typer.Argument(help="The secret's id, as `list` shows it.")],
    by: By = None,
) -> None:
    """Make a secret worthless, at once."""
    entry = _ask(lambda secrets: secrets.retire(secret, to_actor(by)))
    typer.echo(f"secret {entry.id} of {entry.partner} is retired")


def to_line(entry: SecretEntry) -> str:
    """Return a secret's entry in one line."""
    return f"{entry.id}\t{entry.partner}\t{to_age(entry)}"


def _ask(ask: Callable[[PartnerSecrets], Awaitable[T]]) -> T:
    return ask_desk(partial(PartnerSecrets, now=utc_now), ask)
