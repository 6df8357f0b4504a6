"""Statements: what a partner says that it booked on one day.  Pure.

Out of its partner's envelope, a statement is

```json
{"day": "2020-04-11", "next_cursor": null, "lines": [
  {"reference": "…", "status": "confirmed", "partner_reference": "TOKOPEDIA-000001",
   "price": {"amount": 350000, "currency": "IDR"}}]}
```

It lists every booking made on that day (in Asia/Jakarta) with its status of now: cancelled
ones stay on it, refused ones never come.  A missing `next_cursor` is no statement: without
it, half a list would look like a whole one.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from adapters.base import (
    Cursor,
    ReceiptStatus,
    Rejection,
    Statement,
    StatementLine,
)
from adapters.parsing import Record, RowError, remote_id, short_text, text, to_rejection, whole
from schema.model.values import Money, Reference

LONGEST_CURSOR = 2_000


def to_statement(fields: Any, day: date) -> Statement:
    """Translate the statement of `day`.  Raises `ValueError`, `LookupError` or `TypeError`."""
    if not isinstance(fields, Mapping):
        raise RowError("the statement is not an object")
    if text(fields, "day") != day.isoformat():
        raise RowError("the statement is about another day")
    rows, cursor = fields["lines"], fields["next_cursor"]
    if isinstance(rows, str | bytes) or not isinstance(rows, Sequence):
        raise RowError("the statement's lines are no list")
    if not (cursor is None or (isinstance(cursor, str) and 0 < len(cursor) <= LONGEST_CURSOR)):
        raise RowError("the statement's next_cursor cannot be used")
    lines, rejections = _to_lines(rows)
    return Statement(lines, rejections, None if cursor is None else Cursor(cursor))


def to_line(row: Any) -> StatementLine:
    """Translate one line.  Raises `ValueError`, `LookupError` or `TypeError`."""
    if not isinstance(row, Mapping):
        raise RowError("the line is not an object")
    return StatementLine(
        reference=Reference(remote_id(row, "reference")),
        status=ReceiptStatus(text(row, "status").lower()),
        price=_to_price(row.get("price")),
        partner_reference=short_text(row, "partner_reference"),
    )


def _to_lines(
    rows: Sequence[Any],
) -> tuple[tuple[StatementLine, ...], tuple[Rejection, ...]]:
    lines, rejections = [], []
    for number, row in enumerate(rows, start=1):
        try:
            lines.append(to_line(row))
        except (ValueError, LookupError, TypeError) as exc:
            rejections.append(to_rejection(number, row, exc, "reference"))
    return tuple(lines), tuple(rejections)


def _to_price(told: Record | None) -> Money | None:
    if told is None:
        return None
    amount = whole(told["amount"])
    if amount < 0:
        raise RowError("the price is below zero")
    return Money(amount, text(told, "currency"))
