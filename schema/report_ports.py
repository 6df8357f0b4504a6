"""What operators' resolvers need to reconcile and to report, as Protocols."""

from collections.abc import Sequence
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


class Reconciliations(Protocol):
    """The reports of reconciliation."""

    async def read_reports(
        self,
        partner: PartnerCode | None = None,
        since: date | None = None,
        until: date | None = None,
        limit: int = 100,
    ) -> Sequence[Reconciliation]:
        """Return reports of days from `since` to `until`, the latest first."""

    async def read_drifts(
        self, partner: PartnerCode, day: date, kind: DriftKind | None = None, limit: int = 100
    ) -> Sequence[Drift]:
        """Return the first of what a report has found, of one kind or of all."""

    async def start(self, wish: ReconcileWish) -> ReconcileOutcome:
        """Begin to compare a partner's day, or say why not; return its report as it stands."""


class EnrolmentReports(Protocol):
    """Enrolments and money, counted."""

    async def read_report(self, query: ReportQuery, limit: int) -> EnrolmentReport:
        """Return the first `limit` groups, and the sum of all."""
