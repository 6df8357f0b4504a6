"""`mitra partners secret`: what partners sign their webhooks with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from gateway.clock import utc_now
from gateway.commands.learners import By
from gateway.commands.ledger import opened_ledger, to_actor
from gateway.keyrings import build_partner_api_keyring
from gateway.partner_api.vault import Vault
from gateway.partners.config import load_partners
from gateway.partners.sandbox import partners_files
from gateway.settings import Settings
from gateway.webhooks.partner_secrets import PartnerSecrets, SecretEntry, SecretError
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
    made = f"made {entry.created_at:%Y-%m-%d %H:%M}"
    state = f"retired {entry.retired_at:%Y-%m-%d %H:%M}" if entry.retired_at else "in use"
    return f"{entry.id}\t{entry.partner}\t{made}\t{state}"


def _ask(ask: Callable[[PartnerSecrets], Awaitable[T]]) -> T:
    """Return what `ask` finds of the secrets.  A wish that cannot be is a bad parameter."""
    settings = Settings()
    partners = {config.code for config in load_partners(partners_files(settings))}
    vault = Vault(build_partner_api_keyring(settings))

    async def run(secrets: PartnerSecrets) -> T:
        return await ask(secrets)

    with opened_ledger(settings) as database:
        try:
            return asyncio.run(run(PartnerSecrets(database, vault, partners, utc_now)))
        except SecretError as exc:
            raise typer.BadParameter(str(exc)) from exc
