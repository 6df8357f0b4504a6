"""What a comparison of our enrolments, a partner's statement and the money has found."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from schema.model.values import EnrolmentId, PartnerCode


class DriftKind(StrEnum):
    """In what way the three records disagree about one reference."""

    MISSING_AT_PARTNER = "MISSING_AT_PARTNER"
    UNKNOWN_TO_US = "UNKNOWN_TO_US"
    STATUS_DIFFERS = "STATUS_DIFFERS"
    PRICE_DIFFERS = "PRICE_DIFFERS"
    DOUBLE_BOOKING = "DOUBLE_BOOKING"
    CAPTURE_MISSING = "CAPTURE_MISSING"
    CAPTURE_TOO_HIGH = "CAPTURE_TOO_HIGH"
    CAPTURE_WITHOUT_CONFIRMATION = "CAPTURE_WITHOUT_CONFIRMATION"
    REFUND_MISSING = "REFUND_MISSING"
    HOLD_MISSING = "HOLD_MISSING"
    HOLD_LEFT_OVER = "HOLD_LEFT_OVER"
    UNREADABLE_LINE = "UNREADABLE_LINE"
    DISAGREEMENT = "DISAGREEMENT"


class ReconciliationState(StrEnum):
    """What came of a comparison."""

    CLEAN = "CLEAN"
    DRIFT = "DRIFT"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Drift:
    """One disagreement; `amount` is the rupiah in question, and never below zero.

    `ours` and `theirs` are the statuses in each side's words, None where there is none.
    """

    kind: DriftKind
    reference: str
    amount: int
    enrolment_id: EnrolmentId | None = None
    ours: str | None = None
    theirs: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """A number of enrolments, bookings or disagreements, and their rupiah."""

    count: int = 0
    amount: int = 0

    def plus(self, amount: int) -> "Sum":
        """Return the sum with one more."""
        return Sum(self.count + 1, self.amount + amount)


@dataclass(frozen=True, slots=True)
class DriftSum:
    """How much of one kind there is."""

    kind: DriftKind
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The comparison of one partner's day (in Asia/Jakarta) as it was last made.

    `enrolments` are all that began that day; of these, `open` are not settled yet and are
    judged by their money alone.  `ours`, `theirs` and `captured` are what is confirmed in our
    record, in the statement, and in the ledger.  A FAILED one says why, and its figures are
    those of the last that succeeded.
    """

    partner: PartnerCode
    day: date
    state: ReconciliationState
    started_at: datetime
    finished_at: datetime
    reason: str | None = None
    enrolments: int = 0
    open: int = 0
    ours: Sum = Sum()
    theirs: Sum = Sum()
    captured: Sum = Sum()
    drifts: tuple[DriftSum, ...] = ()

    @property
    def drift(self) -> Sum:
        """All disagreements together."""
        return Sum(sum(e.count for e in self.drifts), sum(e.amount for e in self.drifts))


class ReconcileErrorCode(StrEnum):
    """Why a comparison was not begun."""

    NOT_FOUND = "NOT_FOUND"
    INVALID_VALUE = "INVALID_VALUE"
    IN_PROGRESS = "IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class ReconcileWish:
    """Somebody's wish to have a partner's day compared now."""

    partner: PartnerCode
    day: date
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ReconcileRefusal:
    """One reason why not; `field` is the path of the input that it is about."""

    code: ReconcileErrorCode
    message: str
    field: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ReconcileOutcome:
    """The report as it stands while a new one is made (None: there was none), or why not."""

    reconciliation: Reconciliation | None
    refusals: tuple[ReconcileRefusal, ...] = ()
