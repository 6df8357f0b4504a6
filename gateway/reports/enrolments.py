"""Enrolments and their money by one or two dimensions, counted in SQL.

Counts come from the enrolments, money from the ledger's entries; both are grouped by the same
facts of purchase and joined by group, so that the database can read each table once, by an
index or whole, as suits the days that are asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    func,
    literal,
    select,
)

from gateway.enrolment.compare import CONFIRMED
from gateway.enrolment.money import Account, MovementKind
from gateway.reports.columns import Column, Kind, ProgrammeDay, between
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, entry
from schema.model.enrolment import EnrolmentStatus
from schema.model.reports import (
    EnrolmentReport,
    Measures,
    ReportDimension,
    ReportKey,
    ReportQuery,
    ReportRow,
)

_D, _S = ReportDimension, EnrolmentStatus
ROWS_AT_ONCE = 2_000

# What is not told is "" while it is grouped, so that groups can be compared for equality.
_KEYS: Mapping[ReportDimension, ColumnElement[str]] = {
    _D.PARTNER: enrolment.c.partner,
    _D.INSTITUTION: func.coalesce(enrolment.c.institution_id, ""),
    _D.REGION: func.coalesce(enrolment.c.region_code, ""),
    _D.CATEGORY: func.coalesce(enrolment.c.category, ""),
    _D.DAY: ProgrammeDay(enrolment.c.created_at),
}
_STATUSES: Mapping[str, frozenset[EnrolmentStatus]] = {
    "confirmed": CONFIRMED,
    "completed": frozenset({_S.COMPLETED}),
    "rejected": frozenset({_S.REJECTED}),
    "cancelled": frozenset({_S.CANCELLED}),
    "expired": frozenset({_S.EXPIRED}),
}
_ENDED = CONFIRMED | {_S.REJECTED, _S.CANCELLED, _S.EXPIRED}
_MONEY: Mapping[str, ColumnElement[bool]] = {
    "held": entry.c.account == Account.HELD,
    "captured": and_(entry.c.account == Account.PARTNER, entry.c.kind == MovementKind.CAPTURE),
    "refunded": and_(entry.c.account == Account.PARTNER, entry.c.kind == MovementKind.REFUND),
    "spent": entry.c.account == Account.PARTNER,
}
_COUNTED = ("enrolments", "open", *_STATUSES)


def columns_of(query: ReportQuery) -> Sequence[Column]:
    """Return the columns of a report's rows, as `to_values` fills them."""
    found = []
    for dimension in query.by:
        kind = Kind.DAY if dimension is _D.DAY else Kind.TEXT
        found.append(Column(dimension.lower(), kind))
        if dimension is _D.INSTITUTION:
            found.append(Column("institution_name"))
    return [*found, *(Column(field.name, Kind.NUMBER) for field in fields(Measures))]


def to_values(row: ReportRow) -> tuple[Any, ...]:
    """Return a row in the order of `columns_of`."""
    keys: list[Any] = []
    for key in row.keys:
        keys.append(key.value)
        if key.dimension is _D.INSTITUTION:
            keys.append(key.label)
    return (*keys, *(getattr(row.measures, field.name) for field in fields(Measures)))


def read_rows(
    connection: Connection, query: ReportQuery, limit: int | None = None
) -> Iterator[ReportRow]:
    """Yield the groups in the order of their keys, some at a time."""
    streamed = connection.execution_options(yield_per=ROWS_AT_ONCE)
    with streamed.execute(_grouped(query).limit(limit)) as rows:
        for row in rows:
            keys = (_to_key(row, number, dimension) for number, dimension in enumerate(query.by))
            measures = _to_measures(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
            yield ReportRow(tuple(keys), measures)


def read_total(connection: Connection, query: ReportQuery) -> Measures:
    """Return the sum of all groups."""
    days = between(query.since, query.until)
    counts = connection.execute(select(*_counts()).where(*days)).one()
    money = connection.execute(_with_money(select(*_sums())).where(*days)).one()
    return _to_measures({**counts._mapping, **money._mapping})  # noqa: SLF001 - SQLAlchemy's public name


class ReportDesk:
    """Counts for operators: implements `schema.report_ports.EnrolmentReports`."""

    def __init__(self, ledger: Database) -> None:
        self._ledger = ledger

    async def read_report(self, query: ReportQuery, limit: int) -> EnrolmentReport:
        """Return the first `limit` groups, and the sum of all."""

        def ask(connection: Connection) -> EnrolmentReport:
            rows = tuple(read_rows(connection, query, limit + 1))
            total = read_total(connection, query)
            return EnrolmentReport(rows[:limit], total, len(rows) <= limit)

        return await self._ledger.read(ask)


def _grouped(query: ReportQuery) -> Select[Any]:
    """Return counts and money by group, joined."""
    days = between(query.since, query.until)
    keys = [_KEYS[dimension].label(f"key{n}") for n, dimension in enumerate(query.by)]
    groups = [_KEYS[dimension] for dimension in query.by]
    name = func.max(enrolment.c.institution_name).label("institution_name")
    counts = select(*keys, name, *_counts()).where(*days).group_by(*groups).subquery("counts")
    money = _with_money(select(*keys, *_sums())).where(*days).group_by(*groups).subquery("money")
    same = [counts.c[key.name] == money.c[key.name] for key in keys]
    return (
        select(counts, *(func.coalesce(money.c[name], 0).label(name) for name in _MONEY))
        .select_from(counts.outerjoin(money, and_(*same)))
        .order_by(*(counts.c[key.name] for key in keys))
    )


def _with_money(question: Any) -> Any:
    """Join the entries of each enrolment; by the learner, for that has an index."""
    return question.select_from(
        enrolment.join(
            entry,
            and_(
                entry.c.learner_id == enrolment.c.learner_id,
                entry.c.enrolment_id == enrolment.c.id,
            ),
        )
    )


def _counts() -> list[ColumnElement[int]]:
    def count(statuses: frozenset[EnrolmentStatus], name: str) -> ColumnElement[int]:
        has_it = case((enrolment.c.status.in_(sorted(statuses)), literal(1)), else_=literal(0))
        return func.coalesce(func.sum(has_it), 0).label(name)

    open_ones = frozenset(EnrolmentStatus) - _ENDED
    return [
        func.count().label("enrolments"),
        count(open_ones, "open"),
        *(count(statuses, name) for name, statuses in _STATUSES.items()),
    ]


def _sums() -> list[ColumnElement[int]]:
    return [
        func.coalesce(func.sum(case((condition, entry.c.amount), else_=literal(0))), 0).label(name)
        for name, condition in _MONEY.items()
    ]


def _to_key(row: Row[Any], number: int, dimension: ReportDimension) -> ReportKey:
    value = row._mapping[f"key{number}"] or None  # noqa: SLF001 - SQLAlchemy's public name
    is_institution = dimension is _D.INSTITUTION and value is not None
    return ReportKey(dimension, value, row.institution_name if is_institution else value)


def _to_measures(told: Any) -> Measures:
    values = {name: int(told[name]) for name in (*_COUNTED, *_MONEY)}
    return Measures(**{**values, "refunded": -values["refunded"]})
