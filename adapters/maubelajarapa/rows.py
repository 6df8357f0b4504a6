"""MauBelajarApa's file to rows: which encoding, which separator, which cells.  Pure."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.errors import PartnerContractError

_UNDECODED = "\ufffd"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that has no columns to speak of: why not, and its cells."""

    reason: str
    cells: Sequence[str] = ()


Row = Mapping[str, str] | BadRow


def to_rows(body: bytes, required: Sequence[str], *, partner: str) -> Iterator[Row]:
    """Yield the rows under the header, by column name; blank rows are passed over.

    Raises `PartnerContractError` unless the header has the `required` columns.
    """
    text = _decoded(body)
    header_line = text.partition("\n")[0]
    separator = ";" if header_line.count(";") >= header_line.count(",") else ","
    lines = _read(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    header = next(lines, BadRow("is empty"))
    names = [] if isinstance(header, BadRow) else [cell.strip().casefold() for cell in header]
    if missing := [name for name in required if name not in names]:
        raise PartnerContractError(partner, f"its file has no column {missing[0]!r}")
    for cells in lines:
        yield cells if isinstance(cells, BadRow) else _to_row(names, cells)


def _decoded(body: bytes) -> str:
    """Return the file's text: UTF-8 if it is valid, else cp1252, as the contract says."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def _read(reader: Iterator[list[str]]) -> Iterator[list[str] | BadRow]:
    """Yield rows; the reader goes on after one that it refuses."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            yield BadRow(f"is not CSV ({exc})")
            continue
        if any(cell.strip() for cell in cells):
            yield [cell.strip() for cell in cells]


def _to_row(names: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(names):
        return BadRow(f"has {len(cells)} cells, the header has {len(names)}", cells)
    if any(_UNDECODED in cell for cell in cells):
        return BadRow("has bytes that cp1252 does not know", cells)
    return dict(zip(names, cells, strict=True))
