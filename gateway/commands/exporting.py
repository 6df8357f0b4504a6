"""`mitra export-schema`: the SDL, for whoever builds on it."""

from pathlib import Path
from typing import Annotated

import typer

from schema.build import export_sdl


def export_schema(
    file: Annotated[Path | None, typer.Argument(help="Where to; printed without it.")] = None,
) -> None:
    """Write the SDL."""
    if file is None:
        typer.echo(export_sdl(), nl=False)
    else:
        file.write_text(export_sdl(), encoding="utf-8")
