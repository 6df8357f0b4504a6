"""The bytes of a feed to its rows: CSV, JSON, JSON lines and XML.  Pure.

A row that cannot be read is a `BadRow` among the good ones; `PartnerContractError`
is for a feed of which nothing can be read.  Every row is a mapping, nested as the
format nests.  XML becomes: elements by their local name (repeated ones a list),
attributes as `@name`, an element's own text as `#text` where it has more than text.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adapters.errors import PartnerContractError
from adapters.feed.options import Options
from adapters.parsing import records, to_raw

_DEEPEST = 20  # levels of nested XML elements in one row


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not a record at all: why not, and what was received."""

    reason: str
    raw: str


Row = Mapping[str, Any] | BadRow
Format = Callable[[bytes], Iterator[Row]]
Required = Mapping[str, tuple[str, ...]]  # canonical field to the columns that may tell it


def build_format(options: Options, partner: str, required: Required) -> Format:
    """Return the reader of bytes that `options` describe.  Raises `FeedOptionsError`.

    A CSV file whose header has no column for a `required` field cannot be read.
    """
    kind = options.choice("format", ("csv", *_FORMATS))
    return _csv(options, partner, required) if kind == "csv" else _FORMATS[kind](options, partner)


def _csv(options: Options, partner: str, required: Required) -> Format:
    encoding = _encoding(options)
    delimiter = options.text("delimiter", ",")
    if len(delimiter) != 1:
        raise options.wrong("delimiter", f"must be one character, not {delimiter!r}")
    columns = list(options.texts("columns"))

    def rows(body: bytes) -> Iterator[Row]:
        lines = _Lines(_decoded(body, encoding))
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            header = [name.strip() for name in columns or next(reader, [])]
        except csv.Error as exc:
            raise PartnerContractError(partner, "the header is not CSV") from exc
        for field, wanted in required.items():
            if not set(wanted).intersection(header):
                reason = f"the header has no column {' or '.join(wanted)}, which tells {field}"
                raise PartnerContractError(partner, reason)
        return _csv_rows(header, reader, lines)

    return rows


class _Lines:
    """The lines of a text, which a reader that went astray can be sent back to."""

    def __init__(self, text: str) -> None:
        self.texts = list(io.StringIO(text, newline=""))
        self.position = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.position >= len(self.texts):
            raise StopIteration
        self.position += 1
        return self.texts[self.position - 1]


def _csv_rows(header: list[str], reader: Iterator[list[str]], lines: _Lines) -> Iterator[Row]:
    """Yield the rows that are not blank.

    A quote that is never closed swallows line after line: what comes of it is one bad row,
    and reading goes on at the line after the quote.
    """
    while True:
        start = lines.position
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            lines.position = start + 1
            yield BadRow(f"is not CSV ({exc})", _printable(lines.texts[start]))
            continue
        if len(cells) != len(header):
            lines.position = start + 1
        if any(cell.strip() for cell in cells):
            yield _to_csv_row(header, cells)


def _to_csv_row(header: list[str], cells: list[str]) -> Row:
    raw = [_printable(cell) for cell in cells]
    if len(cells) != len(header):
        return BadRow(f"has {len(cells)} cells where the header has {len(header)}", to_raw(raw))
    if raw != cells:
        return BadRow("has bytes that the feed's encoding does not know", to_raw(raw))
    return dict(zip(header, cells, strict=True))


def _json(options: Options, partner: str) -> Format:
    encoding = _encoding(options)
    at = options.text("at")
    is_row = options.flag("one_row")

    def rows(body: bytes) -> Iterator[Row]:
        try:
            document = orjson.loads(_decoded(body, encoding))
        except ValueError as exc:
            raise PartnerContractError(partner, "the file is not JSON") from exc
        if is_row and isinstance(document, dict):
            return iter((document,))
        return map(_to_json_row, records(document, at, partner=partner))

    return rows


def _json_lines(options: Options, partner: str) -> Format:
    encoding = _encoding(options)

    def rows(body: bytes) -> Iterator[Row]:
        if not body.strip():
            raise PartnerContractError(partner, "the file is empty")
        lines = _decoded(body, encoding).split("\n")
        return (_to_line(line) for line in lines if line.strip())

    return rows


def _to_line(line: str) -> Row:
    try:
        return _to_json_row(orjson.loads(line))
    except ValueError:
        return BadRow("is not JSON", _printable(line))


def _to_json_row(row: Any) -> Row:
    return row if isinstance(row, dict) else BadRow("is not a JSON object", to_raw(row))


def _xml(options: Options, partner: str) -> Format:
    root_name, *path = options.required("at").split("/")

    def rows(body: bytes) -> Iterator[Row]:
        try:
            root: Element = fromstring(body)
        except (ParseError, DefusedXmlException, ValueError) as exc:
            raise PartnerContractError(partner, "the file is not (safe) XML") from exc
        if _local(root) != root_name:
            raise PartnerContractError(partner, f"the file's root is not {root_name!r}")
        return map(_to_xml_row, _elements(root, path))

    return rows


def _elements(root: Element, path: Iterable[str]) -> list[Element]:
    found = [root]
    for name in path:
        found = [child for parent in found for child in parent if _local(child) == name]
    return found


def _to_xml_row(element: Element) -> Row:
    try:
        row = _to_value(element, _DEEPEST)
    except ValueError as exc:
        return BadRow(str(exc), _local(element))
    return row if isinstance(row, dict) else {"#text": row}


def _to_value(element: Element, levels: int) -> dict[str, Any] | str:
    if not levels:
        raise ValueError(f"nests deeper than {_DEEPEST} levels")
    text = (element.text or "").strip()
    if not element.attrib and not len(element):
        return text
    value: dict[str, Any] = {f"@{_bare(name)}": said for name, said in element.attrib.items()}
    if text:
        value["#text"] = text
    for child in element:
        name, one = _local(child), _to_value(child, levels - 1)
        if name not in value:
            value[name] = one
        elif isinstance(value[name], list):
            value[name].append(one)
        else:
            value[name] = [value[name], one]
    return value


def _local(element: Element) -> str:
    return _bare(str(element.tag))


def _bare(name: str) -> str:
    return name.rpartition("}")[2]


def _encoding(options: Options) -> str:
    name = options.text("encoding", "utf-8")
    try:
        "".encode(name)
    except LookupError as exc:
        raise options.wrong("encoding", f"{name!r} is unknown; try utf-8 or cp1252") from exc
    return name


def _decoded(body: bytes, encoding: str) -> str:
    """Return the text, with bytes that are no text kept as lone surrogates for the row to find."""
    return body.decode(encoding, errors="surrogateescape").removeprefix("\ufeff")


def _printable(text: str) -> str:
    return text.encode("utf-8", errors="backslashreplace").decode()


_FORMATS: Mapping[str, Callable[[Options, str], Format]] = {
    "json": _json,
    "jsonl": _json_lines,
    "xml": _xml,
}
