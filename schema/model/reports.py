"""Reports: enrolments and their money, grouped by what was true at purchase."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ReportDimension(StrEnum):
    """By what enrolments are grouped."""

    PARTNER = "PARTNER"
    INSTITUTION = "INSTITUTION"
    REGION = "REGION"
    CATEGORY = "CATEGORY"
    DAY = "DAY"


class BadReportError(ValueError):
    """A report cannot be asked for like this; the message says how it can."""


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """One or two dimensions, and the days (in Asia/Jakarta, both inclusive) of enrolling."""

    by: tuple[ReportDimension, ...]
    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be asked for."""
        if not 1 <= len(self.by) <= 2 or len(set(self.by)) != len(self.by):  # noqa: PLR2004  one or two
            raise BadReportError("group by one or two different dimensions")
        if self.since and self.until and self.since > self.until:
            raise BadReportError(f"`since` {self.since} is after `until` {self.until}")


@dataclass(frozen=True, slots=True)
class Measures:
    """What is counted.  Money is whole rupiah, from the ledger.

    Every enrolment is one of `open` (not settled yet), `confirmed` (of which `completed`),
    `rejected`, `cancelled` and `expired`.  `spent` is what was captured and not refunded.
    """

    enrolments: int = 0
    open: int = 0
    confirmed: int = 0
    completed: int = 0
    rejected: int = 0
    cancelled: int = 0
    expired: int = 0
    held: int = 0
    captured: int = 0
    refunded: int = 0
    spent: int = 0


@dataclass(frozen=True, slots=True)
class ReportKey:
    """What a group has in common in one dimension; `value` is None where it was not told."""

    dimension: ReportDimension
    value: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One group."""

    keys: tuple[ReportKey, ...]
    measures: Measures


@dataclass(frozen=True, slots=True)
class EnrolmentReport:
    """Groups in the order of their keys, and the sum of all groups, shown or not."""

    rows: tuple[ReportRow, ...]
    total: Measures
    is_complete: bool
