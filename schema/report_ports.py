"""What operators' resolvers need to reconcile and to report, as Protocols."""

from datetime import date
from typing import Protocol

from schema.model.reconciliation import (
    Drift,
    DriftKind,
    ReconcileOutcome,
    ReconcileWish,
    Reconciliation,
)
from schema.model.reports import EnrolmentReport, ReportQuery
from schema.model.values import PartnerCode
from schema.page_ports import Slice, Window


class Reconciliations(Protocol):
    """The reports of reconciliation."""

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

    async def read_drifts(
        self, window: Window, partner: PartnerCode, day: date, kind: DriftKind | None = None
    ) -> Slice[Drift]:
        """Return part of what a report has found, of one kind or of all.

        Raises `BadCursorError`, also for a cursor of a report that was made anew since.
        """

    async def start(self, wish: ReconcileWish) -> ReconcileOutcome:
        """Begin to compare a partner's day, or say why not; return its report as it stands."""


class EnrolmentReports(Protocol):
    """Enrolments and money, counted."""

    async def read_report(self, query: ReportQuery, limit: int) -> EnrolmentReport:
        """Return the first `limit` groups, and the sum of all."""
