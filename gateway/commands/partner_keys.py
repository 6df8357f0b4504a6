"""`mitra partners key`: what partners sign their calls with."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, TypeVar

import typer

from gateway.clock import utc_now
from gateway.commands.credentials import ask_desk, to_age
from gateway.commands.learners import By
from gateway.commands.ledger import to_actor
from gateway.partner_api.partner_keys import KeyEntry, PartnerKeys
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
    return f"{entry.id}\t{entry.partner}\t{entry.client_code}\t{to_age(entry)}"


def _ask(ask: Callable[[PartnerKeys], Awaitable[T]]) -> T:
    return ask_desk(partial(PartnerKeys, now=utc_now), ask)
