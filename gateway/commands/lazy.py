"""Commands that are imported when they are called.

A process holds what its own command imports and nothing of others': a server no benchmarks, no
sandbox.  And help needs none of them.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from gateway import collecting

Place = tuple[str, str]  # `module:name` of a function or a `Typer`, and its first line of help


class LazyGroup(TyperGroup):
    """A group of commands of which only their places are known until one is called."""

    places: ClassVar[Mapping[str, Place]]

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        for name, (_, line) in self.places.items():
            self.add_command(TyperCommand(name, help=line))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command itself, in whose place until now was its line of help."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else imported(self.places[name][0]), rest


def imported(where: str) -> Any:
    """Return the command at `module:name` of this package."""
    module, _, name = where.partition(":")
    with collecting.paused():  # modules come to stay, and looking through them takes a while
        found = getattr(import_module(f"{__package__}.{module}"), name)
    if isinstance(found, typer.Typer):
        return get_group(found)
    alone = typer.Typer(add_completion=False)
    alone.command()(found)
    return get_command(alone)
