"""`mitra partners key`: what partners sign their calls with."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from gateway.clock import utc_now
from gateway.commands.learners import By
from gateway.commands.ledger import opened_ledger, to_actor
from gateway.keyrings import build_partner_api_keyring
from gateway.partner_api.partner_keys import KeyEntry, PartnerKeyError, PartnerKeys
from gateway.partner_api.vault import Vault
from gateway.partners.config import load_partners
from gateway.partners.sandbox import partners_files
from gateway.settings import Settings
from schema.model.values import PartnerCode

T = TypeVar("T")

key_app = typer.Typer(no_args_is_help=True, help="Keys that partners sign their calls with.")


@key_app.command("new")
def new(
    code: Annotated[str, typer.Argument(help="The partner's code, such as tokopedia.")],
    client_code: Annotated[
        str | None,
        typer.Option(help="Add a key to this client code; a new code is made without it."),
    ] = None,
    by: By = None,
) -> None:
    """Make a key for a partner and show it, this once; those that it has stay good."""
    made = _ask(lambda keys: keys.make(PartnerCode(code), client_code, to_actor(by)))
    typer.echo(f"client_code\t{made.entry.client_code}")
    typer.echo(f"sign_key\t{made.sign_key}")
    typer.echo(f"key {made.entry.id}: the sign key is not shown again", err=True)


@key_app.command("list")
def list_keys() -> None:
    """List the keys, without what is secret."""
    for entry in _ask(lambda keys: keys.read_all()):
        typer.echo(to_line(entry))


@key_app.command("retire")
def retire(
    key: Annotated[str, typer.Argument(help="The key's id, as `list` shows it.")],
    by: By = None,
) -> None:
    """Make a key worthless, at once."""
    entry = _ask(lambda keys: keys.retire(key, to_actor(by)))
    typer.echo(f"key {entry.id} of {entry.partner} is retired")


def to_line(entry: KeyEntry) -> str:
    """Return a key in one line."""
    made = f"made {entry.created_at:%Y-%m-%d %H:%M}"
    state = f"retired {entry.retired_at:%Y-%m-%d %H:%M}" if entry.retired_at else "in use"
    return f"{entry.id}\t{entry.partner}\t{entry.client_code}\t{made}\t{state}"


def _ask(ask: Callable[[PartnerKeys], Awaitable[T]]) -> T:
    """Return what `ask` finds of the keys.  A wish that cannot be is a bad parameter."""
    settings = Settings()
    configs = load_partners(partners_files(settings))
    partners = {config.code: config.partner for config in configs}
    vault = Vault(build_partner_api_keyring(settings))

    async def run(keys: PartnerKeys) -> T:
        return await ask(keys)

    with opened_ledger(settings) as database:
        try:
            return asyncio.run(run(PartnerKeys(database, vault, partners, utc_now)))
        except PartnerKeyError as exc:
            raise typer.BadParameter(str(exc)) from exc
