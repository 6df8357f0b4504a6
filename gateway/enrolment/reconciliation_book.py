"""Reports of reconciliation as operators read them: a page at a time, by keyset.

A page of disagreements belongs to one run: a day that has been compared again since has
another list, and cursors of the one before are refused.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select

from gateway.enrolment.cursors import Part, from_cursor, to_cursor
from gateway.enrolment.reconciliations import read_reports, to_drift
from gateway.storage.engine import Database
from gateway.storage.reconcile_tables import reconciliation, reconciliation_drift
from schema.model.reconciliation import Drift, DriftKind, Reconciliation
from schema.model.values import PartnerCode
from schema.ports import BadCursorError, Slice, Window

_report, _drift = reconciliation.c, reconciliation_drift.c
_NOTHING: Slice[Drift] = Slice((), (), has_next=False, has_previous=False, total=0)


class ReconciliationBook:
    """What operators read: implements `schema.report_ports.Reconciliations`; forwards only."""

    def __init__(self, ledger: Database) -> None:
        self._ledger = ledger

    async def read_reports(
        self,
        window: Window,
        partner: PartnerCode | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Slice[Reconciliation]:
        """Return part of the reports of days from `since` to `until`, the latest first.

        Raises `BadCursorError`.
        """
        names = ("reconciliations", partner or "", *_said(since, until))
        wanted = [
            *([_report.partner == partner] if partner else []),
            *([_report.day >= since] if since else []),
            *([_report.day <= until] if until else []),
        ]
        return await self._ledger.read(lambda c: _report_page(c, window, names, wanted))

    async def read_drifts(
        self, window: Window, partner: PartnerCode, day: date, kind: DriftKind | None = None
    ) -> Slice[Drift]:
        """Return part of what a report has found, of one kind or of all.

        Raises `BadCursorError`.
        """
        return await self._ledger.read(lambda c: _drift_page(c, window, (partner, day, kind)))


def _report_page(
    connection: Connection,
    window: Window,
    names: tuple[Part, ...],
    wanted: Sequence[ColumnElement[bool]],
) -> Slice[Reconciliation]:
    behind, size = list(wanted), window.first or 0
    if window.after is not None:
        day, partner = from_cursor(window.after, names, str, str)
        last = _to_day(day)
        behind.append(or_(_report.day < last, and_(_report.day == last, _report.partner > partner)))
    found = read_reports(connection, *behind, limit=size + 1)
    page = found[:size]
    cursors = [to_cursor(names, report.day.isoformat(), report.partner) for report in page]
    return _to_slice(page, cursors, window, len(found), _count(connection, reconciliation, wanted))


def _drift_page(
    connection: Connection, window: Window, of: tuple[PartnerCode, date, DriftKind | None]
) -> Slice[Drift]:
    partner, day, kind = of
    run = connection.execute(
        select(_report.run).where(_report.partner == partner, _report.day == day)
    ).scalar_one_or_none()
    if run is None:
        return _NOTHING
    names = ("drifts", run, kind or "")
    wanted = [_drift.partner == partner, _drift.day == day, _drift.run == run]
    wanted += [_drift.kind == kind] if kind else []
    behind, size = list(wanted), window.first or 0
    if window.after is not None:
        behind.append(_drift.number > from_cursor(window.after, names, int)[0])
    question = select(reconciliation_drift).where(*behind).order_by(_drift.number)
    rows = connection.execute(question.limit(size + 1)).all()
    cursors = [to_cursor(names, row.number) for row in rows[:size]]
    page = [to_drift(row) for row in rows[:size]]
    return _to_slice(
        page, cursors, window, len(rows), _count(connection, reconciliation_drift, wanted)
    )


def _to_slice(
    page: Sequence[Any], cursors: Sequence[str], window: Window, found: int, total: int
) -> Slice[Any]:
    """Return a page of a list of which `found` from here on were looked for."""
    return Slice(
        nodes=page,
        cursors=cursors,
        has_next=found > len(page),
        has_previous=window.after is not None,
        total=total,
    )


def _count(connection: Connection, of: Table, wanted: Sequence[ColumnElement[bool]]) -> int:
    question = select(func.count()).select_from(of).where(*wanted)
    return connection.execute(question).scalar_one()


def _said(*days: date | None) -> tuple[str, ...]:
    return tuple(day.isoformat() if day else "" for day in days)


def _to_day(part: Part) -> date:
    try:
        return date.fromisoformat(str(part))
    except ValueError as exc:
        raise BadCursorError("the cursor names no day; start again without one") from exc
