"""Writing rows as CSV or Parquet, as a stream: the memory is that of some rows.

A file appears under its name only when it is whole.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TextIO

from gateway.reports.columns import Column, Kind

PART = 10_000  # rows between two reports of progress, and the rows of a Parquet row group
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet begins to reckon


class FileFormat(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    PARQUET = "parquet"


class CannotWriteError(RuntimeError):
    """Rows cannot be written as asked; the message says what to do."""


class Sink(Protocol):
    """Takes rows, some at a time."""

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take some rows."""


class CsvSink:
    """Writes CSV in UTF-8; text that a spreadsheet would take for a formula gets a quote."""

    def __init__(self, file: TextIO, columns: Sequence[Column]) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow([column.name for column in columns])

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """See `Sink.write`."""
        self._writer.writerows([[to_cell(value) for value in row] for row in rows])


class ParquetSink:
    """Writes Parquet with real types; needs the extra `parquet`."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._arrow, parquet = _load_arrow()
        kinds = {
            Kind.TEXT: self._arrow.string(),
            Kind.NUMBER: self._arrow.int64(),
            Kind.DAY: self._arrow.date32(),
            Kind.MOMENT: self._arrow.timestamp("us", tz="UTC"),
        }
        self._columns = columns
        self._schema = self._arrow.schema([(each.name, kinds[each.kind]) for each in columns])
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """See `Sink.write`; each call is a row group."""
        columns = [
            [to_typed(row[place], column.kind) for row in rows]
            for place, column in enumerate(self._columns)
        ]
        arrays = [
            self._arrow.array(values, field.type)
            for values, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the end of the file."""
        self._writer.close()


@contextmanager
def opened(kind: FileFormat, out: Path | None, columns: Sequence[Column]) -> Iterator[Sink]:
    """Open a sink; without `out` it is standard output.  Raises `CannotWriteError`."""
    if out is None:
        if kind is FileFormat.PARQUET:
            raise CannotWriteError("Parquet is no text: name a file with --out")
        yield CsvSink(sys.stdout, columns)
        return
    unfinished = out.with_name(f"{out.name}.part")
    try:
        with _opened(kind, unfinished, columns) as sink:
            yield sink
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def write_rows(
    sink: Sink, rows: Iterable[Sequence[Any]], told: Callable[[int], None] = lambda _: None
) -> int:
    """Write all rows and return how many; `told` hears how many after each part."""
    source, written = iter(rows), 0
    while part := list(islice(source, PART)):
        sink.write(part)
        written += len(part)
        told(written)
    return written


def to_cell(value: Any) -> Any:
    """Return a value as CSV tells it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def to_typed(value: Any, kind: Kind) -> Any:
    """Return a value as Parquet keeps it."""
    is_day = kind is Kind.DAY and isinstance(value, str)
    return date.fromisoformat(value) if is_day else value


@contextmanager
def _opened(kind: FileFormat, path: Path, columns: Sequence[Column]) -> Iterator[Sink]:
    if kind is FileFormat.PARQUET:
        sink = ParquetSink(path, columns)
        try:
            yield sink
        finally:
            sink.close()
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield CsvSink(file, columns)


def _load_arrow() -> tuple[Any, Any]:
    """Return pyarrow, which is large and therefore an extra.  Raises `CannotWriteError`."""
    try:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as exc:
        raise CannotWriteError(
            "Parquet needs pyarrow, which is not installed here: run `make setup-parquet`, or "
            "`pip install 'mitra-gateway[parquet]'`; --format csv needs nothing"
        ) from exc
    return arrow, parquet
