"""What operators bring in about learners: rows as they were sent, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MOST_ROWS = 1_000  # in one request, and in one transaction


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as it was sent, by column; its texts may be personal, so they are never shown."""

    number: int
    texts: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was left out, and why; the reason repeats nothing of it."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of learners' rows; `notes` say what was not done with any of them."""

    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: tuple[RejectedRow, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GrantsOutcome:
    """What became of a batch's rows; `amount` is the sum of what was posted now."""

    posted: int = 0
    unchanged: int = 0
    amount: int = 0
    rejected: tuple[RejectedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of a wish to be forgotten; `erased_at` is None for an unknown learner."""

    erased_at: datetime | None
    live_enrolments: int = 0


class ConsentDecision(StrEnum):
    """What a learner decided about a purpose."""

    GIVEN = "GIVEN"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Consent:
    """One decision of a learner about one purpose; the newest of a purpose counts."""

    purpose: str
    decision: ConsentDecision
    at: datetime
    by: str
