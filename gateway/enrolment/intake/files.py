"""CSV files, a line at a time: memory stays flat, and a bad line costs itself alone.

A line is a row: quoted line breaks are not read, so that one stray quote does not swallow
what follows.  Row numbers are the file's lines; the first names the columns.
"""

import csv
import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from schema.model.learners import RawRow, RejectedRow

LONGEST_LINE = 16_384  # bytes
_DIGESTED = 1 << 20  # bytes at a time


class IntakeFileError(RuntimeError):
    """A file cannot be read at all; the message says what its first line lacks."""


def read_rows(
    file: BinaryIO, needed: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[RawRow | RejectedRow]:
    """Give the rows of a CSV file, and what is wrong with those that are none.

    Raises `IntakeFileError` before the first row.
    """
    lines = _read_lines(file)
    header = next(lines, None)
    columns, delimiter = _to_columns(header or "", needed, optional)
    for number, line in enumerate(lines, start=2):
        if line is None:
            yield RejectedRow(number, f"the line is longer than {LONGEST_LINE} bytes")
        elif line.strip():
            yield _to_row(number, line, columns, delimiter)


def read_digest(path: Path) -> str:
    """Return the name that a file's content gives it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_DIGESTED):
            digest.update(piece)
    return f"sha256-{digest.hexdigest()[:40]}"


def _read_lines(file: BinaryIO) -> Iterator[str | None]:
    """Give the lines as text; None for one that is too long."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
            yield None
        else:
            yield line.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r\n")


def _to_row(number: int, line: str, columns: Sequence[str], delimiter: str) -> RawRow | RejectedRow:
    if "\ufffd" in line:
        return RejectedRow(number, "the line is not UTF-8")
    try:
        [texts] = csv.reader([line], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return RejectedRow(number, "the line is no CSV: look at its quotes")
    if len(texts) != len(columns):
        return RejectedRow(number, f"the line has {len(texts)} fields, not {len(columns)}")
    return RawRow(number, dict(zip(columns, texts, strict=True)))


def _to_columns(
    header: str, needed: Collection[str], optional: Collection[str]
) -> tuple[list[str], str]:
    delimiter = ";" if ";" in header and "," not in header else ","
    columns = [name.strip(' "').casefold().replace(" ", "_") for name in header.split(delimiter)]
    missing = [name for name in needed if name not in columns]
    if missing:
        raise IntakeFileError(f"the first line names the columns; it lacks {', '.join(missing)}")
    for place, name in enumerate(columns, start=1):
        if name not in {*needed, *optional}:
            known = ", ".join((*needed, *optional))
            raise IntakeFileError(f"column {place} is not known; known are {known}")
    if len(set(columns)) != len(columns):
        raise IntakeFileError("the first line names a column twice")
    return columns, delimiter
