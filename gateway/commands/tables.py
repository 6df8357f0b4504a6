"""Tables on the command line: drawn for people, tabs for pipes."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under headings; numbers are set to the right."""
    if not sys.stdout.isatty():
        for row in (headings, *rows):
            sys.stdout.write("\t".join(to_text(value) for value in row) + "\n")
        return
    table = Table(box=None, header_style="bold")
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(*map(_to_cell, row))
    Console(highlight=False).print(table)


def to_text(value: Any) -> str:
    """Return a value on one line without control characters: partners may have named it."""
    if value is None:
        return "-"
    return "".join(c if c.isprintable() else " " for c in str(value))


def _to_cell(value: Any) -> Text:
    if isinstance(value, int):
        return Text(f"{value:,}", justify="right")
    return Text(to_text(value))
