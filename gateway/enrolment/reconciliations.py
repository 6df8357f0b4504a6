"""Reports of reconciliation in the ledger's database, and the enrolments that they judge.

Functions of a connection, and `ReconciliationBook`, by which operators read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
)

from gateway.enrolment.calendar import bounds_of
from gateway.enrolment.compare import HOLDING, Ours
from gateway.enrolment.money import Account
from gateway.enrolment.statements import Run, drop_lines, stands_for_all
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, enrolment_event, entry
from gateway.storage.reconcile_tables import reconciliation, reconciliation_drift, statement_line
from gateway.storage.settling_tables import disagreement
from gateway.storage.upsert import insert_into
from schema.model.enrolment import EnrolmentStatus
from schema.model.reconciliation import (
    Drift,
    DriftKind,
    DriftSum,
    Reconciliation,
    ReconciliationState,
    Sum,
)
from schema.model.values import EnrolmentId, Money, PartnerCode, Reference

Place = tuple[datetime, str]  # where a day's enrolments have been read to

_report, _drift = reconciliation.c, reconciliation_drift.c


NOTHING = Sum()


@dataclass(slots=True)
class Figures:
    """What a run counts while it goes through a day."""

    enrolments: int = 0
    open: int = 0
    ours: Sum = NOTHING
    theirs: Sum = NOTHING
    captured: Sum = NOTHING

    @property
    def columns(self) -> dict[str, int]:
        """The columns of `reconciliation` that keep them."""
        columns = {"enrolments": self.enrolments, "open": self.open}
        for name in ("ours", "theirs", "captured"):
            total: Sum = getattr(self, name)
            columns |= {name: total.count, f"{name}_amount": total.amount}
        return columns


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


def put_drifts(connection: Connection, run: Run, first: int, found: Sequence[Drift]) -> None:
    """Put down what a run has found, numbered from `first`."""
    rows = [
        {
            **run.columns,
            "number": number,
            "kind": drift.kind,
            "reference": drift.reference,
            "enrolment_id": drift.enrolment_id,
            "ours": drift.ours,
            "theirs": drift.theirs,
            "amount": drift.amount,
            "detail": drift.detail,
        }
        for number, drift in enumerate(found, start=first)
    ]
    if rows:
        connection.execute(insert(reconciliation_drift), rows)


def conclude(
    connection: Connection, run: Run, figures: Figures, times: dict[str, datetime]
) -> None:
    """Make a run the report of its partner and day; what the one before found is removed."""
    values = {"run": run.id, "failed": None, **figures.columns, **times}
    _upsert(connection, run, values, values)
    drop_lines(connection, run)
    _drop_drifts(connection, run, _drift.run != run.id)


def give_up(connection: Connection, run: Run, reason: str, times: dict[str, datetime]) -> None:
    """Record why a run did not end; the report of the one before keeps its figures."""
    failed = {"failed": reason, **times}
    _upsert(connection, run, {"run": run.id, **Figures().columns, **failed}, failed)
    drop_lines(connection, run)
    _drop_drifts(connection, run, _drift.run == run.id)


def read_reports(
    connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[Reconciliation]:
    """Return reports, the latest day first, then by partner."""
    rows = connection.execute(
        select(reconciliation)
        .where(*conditions)
        .order_by(_report.day.desc(), _report.partner)
        .limit(limit)
    ).all()
    sums = _read_sums(connection, [row.run for row in rows])
    return [_to_report(row, sums.get(row.run, ())) for row in rows]


def read_drifts(
    connection: Connection, partner: PartnerCode, day: date, kind: DriftKind | None = None
) -> Iterator[Drift]:
    """Yield what the report of a partner and day has found, in the order of finding."""
    of_report = select(_report.run).where(_report.partner == partner, _report.day == day)
    question = select(reconciliation_drift).where(
        _drift.partner == partner, _drift.day == day, _drift.run.in_(of_report)
    )
    if kind:
        question = question.where(_drift.kind == kind)
    for row in connection.execute(question.order_by(_drift.number)):
        yield _to_drift(row)


def read_first_day(connection: Connection) -> datetime | None:
    """Return when the first enrolment of all began."""
    began: datetime | None = connection.execute(
        select(func.min(enrolment.c.created_at))
    ).scalar_one()
    return began


class ReconciliationBook:
    """What operators read: implements `schema.report_ports.Reconciliations`."""

    def __init__(self, ledger: Database) -> None:
        self._ledger = ledger

    async def read_reports(
        self,
        partner: PartnerCode | None = None,
        since: date | None = None,
        until: date | None = None,
        limit: int = 100,
    ) -> Sequence[Reconciliation]:
        """Return reports of days from `since` to `until`, the latest first."""
        conditions = [
            *([_report.partner == partner] if partner else []),
            *([_report.day >= since] if since else []),
            *([_report.day <= until] if until else []),
        ]
        return await self._ledger.read(lambda c: read_reports(c, *conditions, limit=limit))

    async def read_drifts(
        self, partner: PartnerCode, day: date, kind: DriftKind | None = None, limit: int = 100
    ) -> Sequence[Drift]:
        """Return the first of what a report has found, of one kind or of all."""

        def ask(connection: Connection) -> list[Drift]:
            found = read_drifts(connection, partner, day, kind)
            return [drift for drift, _ in zip(found, range(limit), strict=False)]

        return await self._ledger.read(ask)


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


def _upsert(connection: Connection, run: Run, new: dict[str, Any], changed: dict[str, Any]) -> None:
    connection.execute(
        insert_into(connection, reconciliation)
        .values(partner=run.partner, day=run.day, **new)
        .on_conflict_do_update(index_elements=["partner", "day"], set_=changed)
    )


def _drop_drifts(connection: Connection, run: Run, which: ColumnElement[bool]) -> None:
    connection.execute(
        delete(reconciliation_drift).where(
            _drift.partner == run.partner, _drift.day == run.day, which
        )
    )


def _read_sums(connection: Connection, runs: Sequence[str]) -> dict[str, tuple[DriftSum, ...]]:
    if not runs:
        return {}
    rows = connection.execute(
        select(_drift.run, _drift.kind, func.count(), func.sum(_drift.amount))
        .where(_drift.run.in_(runs))
        .group_by(_drift.run, _drift.kind)
    )
    found: dict[str, dict[str, DriftSum]] = {}
    for run, kind, count, amount in rows:
        found.setdefault(run, {})[kind] = DriftSum(DriftKind(kind), count, int(amount))
    return {
        run: tuple(sums[kind] for kind in DriftKind if kind in sums) for run, sums in found.items()
    }


def _to_report(row: Row[Any], sums: tuple[DriftSum, ...]) -> Reconciliation:
    clean = ReconciliationState.DRIFT if sums else ReconciliationState.CLEAN
    return Reconciliation(
        partner=PartnerCode(row.partner),
        day=row.day,
        state=ReconciliationState.FAILED if row.failed else clean,
        started_at=row.started_at,
        finished_at=row.finished_at,
        reason=row.failed,
        enrolments=row.enrolments,
        open=row.open,
        ours=Sum(row.ours, row.ours_amount),
        theirs=Sum(row.theirs, row.theirs_amount),
        captured=Sum(row.captured, row.captured_amount),
        drifts=sums,
    )


def _to_drift(row: Row[Any]) -> Drift:
    return Drift(
        kind=DriftKind(row.kind),
        reference=row.reference,
        amount=row.amount,
        enrolment_id=EnrolmentId(row.enrolment_id) if row.enrolment_id else None,
        ours=row.ours,
        theirs=row.theirs,
        detail=row.detail,
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
    )
