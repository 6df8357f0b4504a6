"""`mitra operations`: what clients ask for, and whether the schema accepts it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from graphql import GraphQLSchema, build_schema

from gateway.contract.changes import faults, uses_of
from gateway.contract.deprecations import elements
from gateway.contract.registered import to_registered
from gateway.execution.manifests import BadRow, Registered, read_manifest
from schema.build import export_sdl

operations_app = typer.Typer(no_args_is_help=True, help="The operations that clients register.")


@operations_app.callback()
def prepare() -> None:
    """Keep the operations that clients register in step with the schema."""


@operations_app.command("check")
def check(
    files: Annotated[
        list[Path], typer.Argument(help="Manifests (Apollo's or Relay's), or .graphql documents.")
    ],
    schema: Annotated[
        Path | None, typer.Option(help="An SDL to check against; this version's without it.")
    ] = None,
) -> None:
    """Say of each operation whether the schema accepts it, and what it uses that will go."""
    sdl = export_sdl() if schema is None else schema.read_text(encoding="utf-8")
    built, is_well = build_schema(sdl), True
    for file in files:
        operations, bad_rows = _load(file)
        for row in bad_rows:
            typer.echo(f"refused\t{row}")
        is_well &= not bad_rows
        for operation in operations:
            found = faults(built, operation)
            for line in _lines(built, operation, found):
                typer.echo(line)
            is_well &= not found
    raise typer.Exit(0 if is_well else 1)


def _load(file: Path) -> tuple[Sequence[Registered], Sequence[BadRow]]:
    """Return what a file registers.  Raises `ManifestError`."""
    if file.suffix in {".graphql", ".gql"}:
        text = file.read_text(encoding="utf-8")
        return [to_registered(file.stem, file.stem, text)], []
    manifest = read_manifest(file.stem.lower(), file.read_bytes())
    return list(manifest.operations.values()), manifest.bad_rows


def _lines(schema: GraphQLSchema, operation: Registered, found: Sequence[str]) -> Iterator[str]:
    called = operation.name or operation.id
    if found:
        yield from (f"refused\t{called}\t{fault}" for fault in found)
        return
    yield f"accepted\t{called}"
    reasons = elements(schema)
    for coordinate in sorted(uses_of(schema, operation)):
        if reason := reasons.get(coordinate):
            yield f"deprecated\t{called}\t{coordinate}: {reason}"
