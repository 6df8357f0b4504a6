"""Verifying the chain: every sealed row is linked again, and the first bad one is named.

What was cut off at the end shows against the head that the database keeps; if that was set
back as well, against a head that was kept elsewhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from gateway.enrolment.audit.chain import BEGINNING, SOURCES, Head, Source
from gateway.enrolment.audit.sealer import read_head

WINDOW = 5_000  # numbers that are read at a time


@dataclass(frozen=True, slots=True)
class Tail:
    """What has been written and not been sealed yet."""

    rows: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    """How a chain was found: up to where it is good, what is wrong then, and what waits."""

    good: Head
    fault: str | None
    tail: Tail


def verify(
    connection: Connection, kept: Head | None = None, report: Callable[[int], None] = lambda _: None
) -> Finding:
    """Return what is wrong with the chain first, if anything; `kept` is a head of old."""
    good, fault = BEGINNING, None
    for source, row in _read_sealed(connection):
        fault = _fault_of(good, source, row)
        if fault is not None:
            break
        good = Head(row.seal, row.seal_hash)
        if kept is not None and good.number == kept.number and good.hash != kept.hash:
            fault = f"number {good.number} is not what it was when the head was kept: rewritten"
            break
        if good.number % WINDOW == 0:
            report(good.number)
    fault = fault or _fault_at_end(good, read_head(connection), kept)
    return Finding(good, fault, read_tail(connection))


def read_tail(connection: Connection) -> Tail:
    """Return how much waits to be sealed, and since when."""
    rows, oldest = 0, []
    for source in SOURCES:
        table = source.table
        question = select(func.count().label("rows"), func.min(table.c.at).label("oldest"))
        found = connection.execute(question.where(table.c.seal.is_(None))).one()
        rows += found.rows
        oldest += [found.oldest] if found.oldest else []
    return Tail(rows, min(oldest, default=None))


def _fault_of(good: Head, source: Source, row: Row[Any]) -> str | None:
    """Return what is wrong with the row that comes after `good`."""
    if row.seal <= good.number:
        return f"{source.place(row)} has the number {row.seal}, which another row has"
    if row.seal > good.number + 1:
        return (
            f"number {good.number + 1} is missing: its row was deleted, or lost its number; "
            f"next comes {source.place(row)}"
        )
    if good.then(source.canonical(row)).hash != row.seal_hash:
        return f"number {row.seal}, {source.place(row)}, was changed or moved"
    return None


def _fault_at_end(good: Head, head: Head, kept: Head | None) -> str | None:
    if good.number < head.number:
        return (
            f"the chain ends at {good.number}; numbers {good.number + 1} to {head.number} are gone"
        )
    if good != head:
        return f"the head says {head.number}, but the chain reaches {good.number}: it was changed"
    if kept is not None and good.number < kept.number:
        return f"the chain ends at {good.number}, but reached {kept.number} when the head was kept"
    return None


def _read_sealed(connection: Connection) -> Iterator[tuple[Source, Row[Any]]]:
    """Give every sealed row in the order of the numbers, some thousands in memory at a time."""
    last = max(_last_number(connection, source) for source in SOURCES)
    start: int | None = None
    while start is None or start < last:
        end = (start or 0) + WINDOW
        found = [
            (source, row)
            for source in SOURCES
            for row in connection.execute(_window(source, start, end))
        ]
        yield from sorted(found, key=lambda each: each[1].seal)
        start = end


def _window(source: Source, start: int | None, end: int) -> Any:
    seal = source.table.c.seal
    question = select(source.table).where(seal.is_not(None), seal <= end)
    return question if start is None else question.where(seal > start)


def _last_number(connection: Connection, source: Source) -> int:
    return connection.scalar(select(func.max(source.table.c.seal))) or 0
