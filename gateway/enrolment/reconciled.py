"""The enrolments that a reconciliation judges, with what the ledger has of their money."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from gateway.enrolment.calendar import bounds_of
from gateway.enrolment.compare import HOLDING, Ours
from gateway.enrolment.money import Account
from gateway.enrolment.statements import Run, stands_for_all
from gateway.storage.ledger_tables import enrolment, enrolment_event, entry
from gateway.storage.partner_api_tables import partner_sale
from gateway.storage.reconcile_tables import statement_line
from gateway.storage.settling_tables import disagreement
from schema.model.enrolment import EnrolmentStatus
from schema.model.reconciliation import Drift, DriftKind
from schema.model.values import EnrolmentId, Money, Reference

Place = tuple[datetime, str]  # where a day's enrolments have been read to


def read_ours(
    connection: Connection, run: Run, after: Place | None, limit: int
) -> tuple[list[Ours], Place | None]:
    """Return the next enrolments of the run's day, with their money, and where they end."""
    begins, ends = bounds_of(run.day)
    key = tuple_(enrolment.c.created_at, enrolment.c.id)
    conditions = [
        enrolment.c.partner == run.partner,
        enrolment.c.created_at >= (after[0] if after else begins),  # where the index begins
        enrolment.c.created_at < ends,
    ]
    if after:
        conditions.append(key > after)
    rows = connection.execute(
        _with_money()
        .where(*conditions)
        .order_by(enrolment.c.created_at, enrolment.c.id)
        .limit(limit)
    ).all()
    last = (rows[-1].created_at, rows[-1].id) if rows else None
    return [_to_ours(row) for row in rows], last


def read_late(connection: Connection, run: Run, after: int, limit: int) -> tuple[list[Ours], int]:
    """Return enrolments of other days that the day's statement says hold a place, and how far.

    Those of the day before are left out: their own report reads this statement, too.
    """
    begins, ends = bounds_of(run.day - timedelta(days=1))[0], bounds_of(run.day)[1]
    line = statement_line.c
    rows = connection.execute(
        _with_money(line.number)
        .join(statement_line, line.reference == enrolment.c.reference)
        .where(
            line.partner == run.partner,
            line.day == run.day,
            line.run == run.id,
            line.number > after,
            line.listed_on == run.day,
            line.status.in_(sorted(HOLDING)),
            stands_for_all(run),
            enrolment.c.partner == run.partner,
            or_(enrolment.c.created_at < begins, enrolment.c.created_at >= ends),
        )
        .order_by(line.number)
        .limit(limit)
    ).all()
    return [_to_ours(row) for row in rows], rows[-1].number if rows else after


def read_disagreements(
    connection: Connection, run: Run, after: tuple[str, str] | None, limit: int
) -> tuple[list[Drift], tuple[str, str] | None]:
    """Return what was noted on the run's day and nobody has seen to, and where that ends."""
    begins, ends = bounds_of(run.day)
    key = tuple_(disagreement.c.enrolment_id, disagreement.c.kind)
    question = (
        select(disagreement, enrolment.c.reference, enrolment.c.status, enrolment.c.price)
        .join(enrolment, enrolment.c.id == disagreement.c.enrolment_id)
        .where(
            enrolment.c.partner == run.partner,
            disagreement.c.noted_at >= begins,
            disagreement.c.noted_at < ends,
        )
        .order_by(disagreement.c.enrolment_id, disagreement.c.kind)
        .limit(limit)
    )
    if after:
        question = question.where(key > after)
    rows = connection.execute(question).all()
    found = [
        Drift(
            DriftKind.DISAGREEMENT,
            row.reference,
            row.price,
            EnrolmentId(row.enrolment_id),
            row.status,
            detail=row.detail,
        )
        for row in rows
    ]
    return found, (rows[-1].enrolment_id, rows[-1].kind) if rows else after


def _with_money(*more: ColumnElement[Any]) -> Select[Any]:
    """Select enrolments with their money and the time of their last change."""
    changed_at = (
        select(func.max(enrolment_event.c.at))
        .where(enrolment_event.c.enrolment_id == enrolment.c.id)
        .scalar_subquery()
    )
    return select(
        enrolment,
        _balance(Account.HELD).label("held"),
        _balance(Account.PARTNER).label("captured"),
        changed_at.label("changed_at"),
        exists().where(partner_sale.c.enrolment_id == enrolment.c.id).label("was_sold"),
        *more,
    )


def _balance(account: Account) -> ScalarSelect[int]:
    """Return what lies on an account for an enrolment; by its learner, for that has an index."""
    return (
        select(func.coalesce(func.sum(entry.c.amount), 0))
        .where(
            entry.c.learner_id == enrolment.c.learner_id,
            entry.c.enrolment_id == enrolment.c.id,
            entry.c.account == account,
        )
        .correlate(enrolment)
        .scalar_subquery()
    )


def _to_ours(row: Row[Any]) -> Ours:
    return Ours(
        id=EnrolmentId(row.id),
        reference=Reference(row.reference),
        status=EnrolmentStatus(row.status),
        price=Money(row.price, row.currency),
        held=int(row.held),
        captured=int(row.captured),
        changed_at=row.changed_at or row.created_at,
        was_confirmed=row.settled_at is not None,
        was_sold=bool(row.was_sold),
    )
