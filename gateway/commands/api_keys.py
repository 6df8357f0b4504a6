"""`mitra partners api-key`: what partners' programs bring along to GraphQL."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeVar

import typer

from gateway.clock import utc_now
from gateway.commands.credentials import ask_desk, to_age
from gateway.commands.learners import By
from gateway.commands.ledger import to_actor
from gateway.identity.api_keys import ApiKeyEntry, PartnerApiKeys
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from schema.model.catalogue import Partner
from schema.model.values import PartnerCode

T = TypeVar("T")

api_key_app = typer.Typer(
    no_args_is_help=True, help="Keys with which partners' programs ask GraphQL."
)


@api_key_app.command("new")
def new(
    code: Annotated[str, typer.Argument(help="The partner's code, such as tokopedia.")],
    by: By = None,
) -> None:
    """Make a key for a partner and show it, this once; those that it has stay good."""
    made = _ask(lambda keys: keys.make(PartnerCode(code), to_actor(by)))
    typer.echo(f"api_key\t{made.key}")
    typer.echo(f"key {made.entry.id}: it is not shown again", err=True)


@api_key_app.command("list")
def list_keys() -> None:
    """List the keys' ids, without what is secret."""
    for entry in _ask(lambda keys: keys.read_all()):
        typer.echo(to_line(entry))


@api_key_app.command("retire")
def retire(
    key: Annotated[str, typer.Argument(help="The key's id, as `list` shows it.")],
    by: By = None,
) -> None:
    """Make a key worthless, within half a minute."""
    entry = _ask(lambda keys: keys.retire(key, to_actor(by)))
    typer.echo(f"key {entry.id} of {entry.partner} is retired")


def to_line(entry: ApiKeyEntry) -> str:
    """Return a key's entry in one line."""
    return f"{entry.id}\t{entry.partner}\t{to_age(entry)}"


def _ask(ask: Callable[[PartnerApiKeys], Awaitable[T]]) -> T:
    return ask_desk(_build, ask)


def _build(
    ledger: Database, _vault: Vault, partners: Mapping[PartnerCode, Partner]
) -> PartnerApiKeys:
    return PartnerApiKeys(ledger, partners, utc_now)
