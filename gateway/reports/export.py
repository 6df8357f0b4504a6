"""Every enrolment as a row, for analysis elsewhere.

No personal data: `learner` is the programme's opaque reference; redeem codes and addresses
that let their bearer in are left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, select

from gateway.enrolment.money import Account, MovementKind
from gateway.reports.columns import Column, Kind, ProgrammeDay, between
from gateway.reports.enrolments import ROWS_AT_ONCE
from gateway.storage.ledger_tables import enrolment, entry
from schema.model.values import PartnerCode

_E = enrolment.c


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """Which enrolments: days (in Asia/Jakarta, both inclusive) of enrolling, and a partner."""

    since: date | None = None
    until: date | None = None
    partner: PartnerCode | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """What an enrolment must fulfil."""
        of_partner = [] if self.partner is None else [_E.partner == self.partner]
        return [*between(self.since, self.until), *of_partner]


def _money(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return (
        select(func.coalesce(func.sum(entry.c.amount), 0))
        .where(entry.c.learner_id == _E.learner_id, entry.c.enrolment_id == _E.id, *conditions)
        .correlate(enrolment)
        .scalar_subquery()
    )


_at_partner = entry.c.account == Account.PARTNER
_N, _M = Kind.NUMBER, Kind.MOMENT
_CONTENT: Sequence[tuple[Column, Any]] = (
    (Column("enrolment_id"), _E.id),
    (Column("reference"), _E.reference),
    (Column("learner"), _E.learner_id),
    (Column("status"), _E.status),
    (Column("partner"), _E.partner),
    (Column("partner_reference"), _E.partner_reference),
    (Column("course_id"), _E.course_id),
    (Column("offering_id"), _E.offering_id),
    (Column("session_id"), _E.session_id),
    (Column("institution_id"), _E.institution_id),
    (Column("institution_name"), _E.institution_name),
    (Column("category"), _E.category),
    (Column("region_code"), _E.region_code),
    (Column("day", Kind.DAY), ProgrammeDay(_E.created_at)),
    (Column("created_at", _M), _E.created_at),
    (Column("settled_at", _M), _E.settled_at),
    (Column("price", _N), _E.price),
    (Column("currency"), _E.currency),
    (Column("held", _N), _money(entry.c.account == Account.HELD)),
    (Column("captured", _N), _money(_at_partner, entry.c.kind == MovementKind.CAPTURE)),
    (Column("refunded", _N), -_money(_at_partner, entry.c.kind == MovementKind.REFUND)),
)
COLUMNS: Sequence[Column] = [column for column, _ in _CONTENT]


def count_rows(connection: Connection, query: ExportQuery) -> int:
    """Return how many rows `read_rows` will yield."""
    question = select(func.count()).select_from(enrolment).where(*query.conditions)
    return connection.execute(question).scalar_one()


def read_rows(connection: Connection, query: ExportQuery) -> Iterator[tuple[Any, ...]]:
    """Yield enrolments in the order of their beginning, some at a time."""
    streamed = connection.execution_options(yield_per=ROWS_AT_ONCE)
    question = (
        select(*(source.label(column.name) for column, source in _CONTENT))
        .where(*query.conditions)
        .order_by(_E.created_at, _E.id)
    )
    with streamed.execute(question) as rows:
        for row in rows:
            yield tuple(
                int(value) if column.kind is Kind.NUMBER else value
                for column, value in zip(COLUMNS, row, strict=True)
            )
