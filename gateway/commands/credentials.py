"""What the commands for partners' sign keys, API keys and webhook secrets share."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol, TypeVar

import typer

from gateway.commands.ledger import opened_ledger
from gateway.keyrings import build_partner_api_keyring
from gateway.partner_api.partner_keys import PartnerKeyError
from gateway.partner_api.vault import Vault
from gateway.partners.config import load_partners
from gateway.partners.sandbox import partners_files
from gateway.settings import Settings
from gateway.storage.engine import Database
from gateway.webhooks.partner_secrets import SecretError
from schema.model.catalogue import Partner
from schema.model.values import PartnerCode

D = TypeVar("D")
T = TypeVar("T")
Build = Callable[[Database, Vault, Mapping[PartnerCode, Partner]], D]


class Credential(Protocol):
    """A sign key or a secret, as it is listed."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""

    @property
    def retired_at(self) -> datetime | None:
        """When it became worthless; None while it is in use."""


def ask_desk(build: Build[D], ask: Callable[[D], Awaitable[T]]) -> T:
    """Return what `ask` finds at the desk that `build` makes.

    A wish that cannot be is a bad parameter.
    """
    settings = Settings()
    configs = load_partners(partners_files(settings))
    partners = {config.code: config.partner for config in configs}
    vault = Vault(build_partner_api_keyring(settings))

    async def run(desk: D) -> T:
        return await ask(desk)

    with opened_ledger(settings) as database:
        try:
            return asyncio.run(run(build(database, vault, partners)))
        except (PartnerKeyError, SecretError) as exc:
            raise typer.BadParameter(str(exc)) from exc


def to_age(entry: Credential) -> str:
    """Return when it was made, and whether it is in use: two columns of a line."""
    retired = f"retired {entry.retired_at:%Y-%m-%d %H:%M}" if entry.retired_at else "in use"
    return f"made {entry.created_at:%Y-%m-%d %H:%M}\t{retired}"
