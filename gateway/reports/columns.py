"""What a column of a report or an export holds, and the programme's day in SQL."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from gateway.enrolment.calendar import bounds_of
from gateway.storage.ledger_tables import enrolment


class Kind(StrEnum):
    """What sort of value a column has."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, and what it holds."""

    name: str
    kind: Kind = Kind.TEXT


class ProgrammeDay(FunctionElement[str]):
    """The day in Asia/Jakarta of a stored moment, as ISO text; the zone has no summer time."""

    name = "programme_day"
    type = String()
    inherit_cache = True


@compiles(ProgrammeDay, "sqlite")
def _sqlite_day(element: ProgrammeDay, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '+7 hours')"


@compiles(ProgrammeDay, "postgresql")
def _postgres_day(element: ProgrammeDay, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"to_char(timezone('Asia/Jakarta', {moment}), 'YYYY-MM-DD')"


def between(since: date | None, until: date | None) -> list[ColumnElement[bool]]:
    """Return the conditions for enrolments of the days from `since` to `until`, both inclusive."""
    conditions: list[ColumnElement[bool]] = []
    if since:
        conditions.append(enrolment.c.created_at >= bounds_of(since)[0])
    if until:
        conditions.append(enrolment.c.created_at < bounds_of(until)[1])
    return conditions


def be_patient(connection: Connection) -> None:
    """Let the transaction's questions take as long as a whole history takes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = '30min'"))
