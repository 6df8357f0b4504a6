"""What a check says: passed, failed or skipped, why, and what to do about it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Mark(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the report; `advice` is for an engineer at the partner, if it failed."""

    part: str
    check: str
    mark: Mark
    reason: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was checked at one partner."""

    partner: str
    verdicts: Sequence[Verdict]

    def count(self, mark: Mark) -> int:
        """Return how many checks ended so."""
        return sum(verdict.mark is mark for verdict in self.verdicts)

    @property
    def score(self) -> int | None:
        """Per cent of the checks that could be made and passed, rounded down; None without any."""
        made = self.count(Mark.PASSED) + self.count(Mark.FAILED)
        return 100 * self.count(Mark.PASSED) // made if made else None

    @property
    def is_good(self) -> bool:
        """Whether something was checked, and nothing failed."""
        return self.score is not None and not self.count(Mark.FAILED)

    def to_json(self) -> dict[str, Any]:
        """Return the report for machines."""
        counts = {mark.value: self.count(mark) for mark in Mark}
        checks = [asdict(verdict) for verdict in self.verdicts]
        return {"partner": self.partner, "score": self.score, **counts, "checks": checks}
