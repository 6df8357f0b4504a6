"""Some lines of an upload, read: a page of the partner's list, and what becomes of each.  Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import orjson

from adapters.base import Cursor, Page, Rejection
from adapters.fields import count_fields
from adapters.parsing import RowError
from gateway.catalogue.rows import PageRows
from gateway.push.rows import EndRow, WithdrawRow, converted, to_offering
from schema.model.catalogue import Offering
from schema.model.values import PartnerCode, RemoteId

MORE = Cursor("more")  # every page of an upload has a next one: the end is said, not seen
_RAW_LENGTH = 2_000


class Mode(StrEnum):
    """Whether what an upload does not name is withdrawn, or stays."""

    FULL = "full"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an upload; `row` counts them through the whole session, from 1.

    `text` is None for a line that was too long to be kept.
    """

    row: int
    text: bytes | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one row; `reason` is why it is in quarantine."""

    row: int
    key: str | None
    reason: str | None = None

    def to_line(self) -> bytes:
        """Return the answer as it is sent."""
        told: dict[str, Any] = {"row": self.row, "key": self.key}
        if self.reason is None:
            told["status"] = "accepted"
        else:
            told |= {"status": "quarantined", "reason": self.reason}
        return orjson.dumps(told) + b"\n"


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines as a page; `rows` are those of its offerings, in order; `keys` those of all."""

    page: Page
    rows: Sequence[int]
    keys: Mapping[int, str | None]

    def placed(self, found: PageRows) -> PageRows:
        """Return what is staged, with rejections at the rows where they stood."""
        ours = len(self.page.rejections)
        others = [replace(each, row=self.rows[each.row - 1]) for each in found.rejections[ours:]]
        return replace(found, rejections=(*found.rejections[:ours], *others))

    def answers(self, placed: PageRows) -> list[Answer]:
        """Return what became of each row, in order."""
        reasons = {each.row: each.reason for each in placed.rejections}
        return [Answer(row, key, reasons.get(row)) for row, key in self.keys.items()]


def end_of(text: bytes | None) -> int | None:
    """Return how many rows a session says that it has, if this is its last line."""
    if text is None or not text.startswith(b"{") or b'"end"' not in text[:20]:
        return None
    try:
        return converted(orjson.loads(text), EndRow).end
    except (RowError, orjson.JSONDecodeError):
        return None  # it is a row like any other, and a bad one


def to_batch(
    partner: PartnerCode, lines: Sequence[Line], mode: Mode, currencies: Collection[str]
) -> Batch:
    """Return what `lines` say; of an offering that comes twice the last word counts."""
    reading = _Reading(partner, mode, currencies)
    for line in lines:
        reading.add(line)
    page = Page(
        offerings=tuple(reading.offerings.values()),
        withdrawn=tuple(reading.withdrawn),
        rejections=tuple(reading.rejections),
        next_cursor=MORE,
        fields=reading.fields,
    )
    return Batch(page, tuple(reading.offerings), reading.keys)


class _Reading:
    """Lines being read, one after the other."""

    def __init__(self, partner: PartnerCode, mode: Mode, currencies: Collection[str]) -> None:
        self._partner = partner
        self._mode = mode
        self._currencies = currencies
        self.offerings: dict[int, Offering] = {}  # by row
        self.withdrawn: dict[RemoteId, None] = {}
        self.rejections: list[Rejection] = []
        self.fields: dict[str, int] = {}
        self.keys: dict[int, str | None] = {}

    def add(self, line: Line) -> None:
        """Read one line: an offering, a withdrawal, or why it is neither."""
        self.keys[line.row] = None
        try:
            row = _decoded(line)
            self.keys[line.row] = _shown_key(row)
            if self._mode is Mode.DELTA and "withdraw" in row:
                self._withdraw(RemoteId(converted(row, WithdrawRow).withdraw))
            else:
                count_fields(self.fields, row)
                found = to_offering(self._partner, row, self._currencies)
                self.withdrawn.pop(found.key, None)
                self.offerings[line.row] = found
        except RowError as exc:
            raw = (line.text or b"")[:_RAW_LENGTH].decode(errors="replace")
            self.rejections.append(Rejection(line.row, self.keys[line.row], str(exc), raw))

    def _withdraw(self, key: RemoteId) -> None:
        self.withdrawn[key] = None
        for row, offering in list(self.offerings.items()):
            if offering.key == key:
                del self.offerings[row]


def _decoded(line: Line) -> Mapping[str, Any]:
    if line.text is None:
        raise RowError("the line is too long")
    try:
        row = orjson.loads(line.text)
    except orjson.JSONDecodeError as exc:
        raise RowError("is not JSON") from exc
    if not isinstance(row, dict):
        raise RowError("is not a JSON object")
    return row


def _shown_key(row: Mapping[str, Any]) -> str | None:
    key = row.get("key", row.get("withdraw"))
    return key[:255] if isinstance(key, str) else None
