"""`mitra adapter`: adapters, one per partner's format."""

from pathlib import Path
from typing import Annotated

import typer

from adapters.scaffold import create_adapter

adapter_app = typer.Typer(no_args_is_help=True, help="Adapters, one per partner's format.")


@adapter_app.command("new")
def adapter_new(identifier: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Start a new adapter: a folder that works at once."""
    typer.echo(create_adapter(identifier, Path("adapters")))
