"""`mitra sync`: partners' catalogues, now."""

import asyncio
from typing import Annotated

import typer

from gateway.app import Gateway
from gateway.commands.codes import known_codes
from gateway.console import SyncBoard
from gateway.settings import Settings

Partners = Annotated[list[str] | None, typer.Argument(help="Codes; all without any.")]


def sync(partners: Partners = None) -> None:
    """Sync partners' catalogues now, with progress."""
    settings = Settings()
    gateway = Gateway(settings)
    codes = known_codes(gateway.partners.configs, partners or [])
    board = SyncBoard(gateway.partners.configs)
    gateway.catalogue.report = board.report
    with board:
        asyncio.run(gateway.sync_now(codes))
    typer.echo(board.summary())
    raise typer.Exit(1 if board.has_failures else 0)
