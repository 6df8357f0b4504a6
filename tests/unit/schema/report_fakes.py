"""Reports of reconciliation and of enrolments, kept in memory."""

from dataclasses import dataclass, field
from datetime import date

from schema.model.reconciliation import (
    Drift,
    DriftKind,
    DriftSum,
    ReconcileErrorCode,
    ReconcileOutcome,
    ReconcileRefusal,
    ReconcileWish,
    Reconciliation,
    ReconciliationState,
    Sum,
)
from schema.model.reports import (
    EnrolmentReport,
    Measures,
    ReportDimension,
    ReportKey,
    ReportQuery,
    ReportRow,
)
from schema.model.values import EnrolmentId, PartnerCode
from schema.ports import Slice, Window
from tests.unit.schema.fakes import NOW, TOKOPEDIA, cut

DAY = date(2020, 4, 10)
DRIFTED = Reconciliation(
    partner=TOKOPEDIA,
    day=DAY,
    state=ReconciliationState.DRIFT,
    started_at=NOW,
    finished_at=NOW,
    enrolments=3,
    open=1,
    ours=Sum(2, 700_000),
    theirs=Sum(1, 350_000),
    captured=Sum(2, 5_000_000_000),
    drifts=(
        DriftSum(DriftKind.MISSING_AT_PARTNER, 1, 350_000),
        DriftSum(DriftKind.UNKNOWN_TO_US, 1, 90_000),
    ),
)
MISSING = Drift(
    DriftKind.MISSING_AT_PARTNER, "mitra-1", 350_000, EnrolmentId("1"), "CONFIRMED", None, None
)
UNKNOWN = Drift(DriftKind.UNKNOWN_TO_US, "x-1", 90_000, None, None, "confirmed", "TKP-9")


@dataclass
class FakeReconciliations:
    """Knows one report."""

    reports: list[Reconciliation] = field(default_factory=lambda: [DRIFTED])
    wishes: list[ReconcileWish] = field(default_factory=list)

    async def read_reports(
        self,
        window: Window,
        partner: PartnerCode | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Slice[Reconciliation]:
        found = [
            report
            for report in self.reports
            if partner in {None, report.partner}
            and (since or date.min) <= report.day <= (until or date.max)
        ]
        return cut(found, lambda report: report.day.isoformat(), window)

    async def read_drifts(
        self, window: Window, partner: PartnerCode, day: date, kind: DriftKind | None = None
    ) -> Slice[Drift]:
        found = [each for each in (MISSING, UNKNOWN) if kind in {None, each.kind}]
        return cut(found, lambda drift: drift.reference, window)

    async def start(self, wish: ReconcileWish) -> ReconcileOutcome:
        self.wishes.append(wish)
        if wish.partner != TOKOPEDIA:
            refusal = ReconcileRefusal(ReconcileErrorCode.NOT_FOUND, "gone", ("input", "partner"))
            return ReconcileOutcome(None, (refusal,))
        return ReconcileOutcome(self.reports[0])


@dataclass
class FakeReports:
    """Tells one institution's day, whatever is asked; remembers what was asked."""

    asked: list[ReportQuery] = field(default_factory=list)

    async def read_report(self, query: ReportQuery, limit: int) -> EnrolmentReport:
        self.asked.append(query)
        measures = Measures(enrolments=2, confirmed=2, captured=7 * 10**9, spent=7 * 10**9)
        keys = (
            ReportKey(ReportDimension.INSTITUTION, "i-1", "BLK Makassar"),
            ReportKey(ReportDimension.REGION, None, None),
        )
        return EnrolmentReport((ReportRow(keys, measures),), measures, is_complete=True)
