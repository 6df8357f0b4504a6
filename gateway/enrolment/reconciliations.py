"""Reports of reconciliation in the ledger's database: functions of a connection."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    func,
    insert,
    select,
)

from gateway.enrolment.statements import Run, drop_lines
from gateway.storage.ledger_tables import enrolment
from gateway.storage.reconcile_tables import reconciliation, reconciliation_drift
from gateway.storage.upsert import insert_into
from schema.model.reconciliation import (
    Drift,
    DriftKind,
    DriftSum,
    Reconciliation,
    ReconciliationState,
    Sum,
)
from schema.model.values import EnrolmentId, PartnerCode

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


def read_drifts(connection: Connection, partner: PartnerCode, day: date) -> Iterator[Drift]:
    """Yield what the report of a partner and day has found, in the order of finding."""
    of_report = select(_report.run).where(_report.partner == partner, _report.day == day)
    question = select(reconciliation_drift).where(
        _drift.partner == partner, _drift.day == day, _drift.run.in_(of_report)
    )
    for row in connection.execute(question.order_by(_drift.number)):
        yield to_drift(row)


def read_first_day(connection: Connection) -> datetime | None:
    """Return when the first enrolment of all began."""
    began: datetime | None = connection.execute(
        select(func.min(enrolment.c.created_at))
    ).scalar_one()
    return began


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


def to_drift(row: Row[Any]) -> Drift:
    """Return what a row of `reconciliation_drift` says."""
    return Drift(
        kind=DriftKind(row.kind),
        reference=row.reference,
        amount=row.amount,
        enrolment_id=EnrolmentId(row.enrolment_id) if row.enrolment_id else None,
        ours=row.ours,
        theirs=row.theirs,
        detail=row.detail,
    )
