"""Partners' statements, put down in the ledger's database for as long as a run compares them.

Functions of a connection, as in `ledger`.  However long a statement is, a page at a time is
in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, insert, select

from adapters.base import ReceiptStatus, StatementLine
from gateway.enrolment.compare import HOLDING
from gateway.storage.ledger_tables import enrolment
from gateway.storage.reconcile_tables import reconciliation, reconciliation_drift, statement_line
from schema.model.values import Money, PartnerCode, Reference

_Line = statement_line.c


@dataclass(frozen=True, slots=True)
class Run:
    """One comparison under way: `id` names its rows."""

    partner: PartnerCode
    day: date
    id: str

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that name the run in its rows."""
        return {"partner": self.partner, "day": self.day, "run": self.id}


def sweep(connection: Connection, run: Run) -> None:
    """Remove what runs that never ended have left of this partner and day."""
    of_report = select(reconciliation.c.run).where(
        reconciliation.c.partner == run.partner, reconciliation.c.day == run.day
    )
    for table in (statement_line, reconciliation_drift):
        connection.execute(
            delete(table).where(
                table.c.partner == run.partner,
                table.c.day == run.day,
                table.c.run.not_in(of_report),
            )
        )


def put_lines(
    connection: Connection, run: Run, listed_on: date, first: int, lines: Sequence[StatementLine]
) -> None:
    """Put down lines of the statement of a day, numbered from `first`."""
    rows = [
        {
            **run.columns,
            "number": number,
            "listed_on": listed_on,
            "reference": line.reference,
            "status": line.status,
            "price": line.price.amount if line.price else None,
            "currency": line.price.currency if line.price else None,
            "partner_reference": line.partner_reference,
        }
        for number, line in enumerate(lines, start=first)
    ]
    if rows:
        connection.execute(insert(statement_line), rows)


def read_lines(
    connection: Connection, run: Run, references: Sequence[Reference]
) -> dict[Reference, list[StatementLine]]:
    """Return what the statement tells of each reference that it knows."""
    found: dict[Reference, list[StatementLine]] = {}
    rows = connection.execute(
        select(statement_line)
        .where(_Line.run == run.id, _Line.reference.in_(references))
        .order_by(_Line.number)
    )
    for row in rows:
        found.setdefault(Reference(row.reference), []).append(_to_line(row))
    return found


def read_unknown(
    connection: Connection, run: Run, after: int, limit: int
) -> list[tuple[int, StatementLine]]:
    """Return lines that hold a place under references that we never gave this partner.

    Of several lines of one reference the first stands for all.
    """
    is_ours = (
        exists()
        .where(enrolment.c.reference == _Line.reference)
        .where(enrolment.c.partner == run.partner)
    )
    rows = connection.execute(
        select(statement_line)
        .where(
            _Line.partner == run.partner,
            _Line.day == run.day,
            _Line.run == run.id,
            _Line.number > after,
            _Line.listed_on == run.day,
            _Line.status.in_(sorted(HOLDING)),
            ~is_ours,
            stands_for_all(run),
        )
        .order_by(_Line.number)
        .limit(limit)
    )
    return [(row.number, _to_line(row)) for row in rows]


def stands_for_all(run: Run) -> ColumnElement[bool]:
    """Return the condition for the first line of the run's day that holds a reference's place."""
    earlier = statement_line.alias("earlier")
    is_repeated = exists().where(
        and_(
            earlier.c.run == run.id,
            earlier.c.reference == _Line.reference,
            earlier.c.listed_on == run.day,
            earlier.c.status.in_(sorted(HOLDING)),
            earlier.c.number < _Line.number,
        )
    )
    return ~is_repeated


def drop_lines(connection: Connection, run: Run) -> None:
    """Throw a run's statement away."""
    connection.execute(
        delete(statement_line).where(
            _Line.partner == run.partner, _Line.day == run.day, _Line.run == run.id
        )
    )


def _to_line(row: Row[Any]) -> StatementLine:
    return StatementLine(
        reference=Reference(row.reference),
        status=ReceiptStatus(row.status),
        price=None if row.price is None else Money(row.price, row.currency),
        partner_reference=row.partner_reference,
    )
