"""A learners' desk in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schema.model.learners import (
    Consent,
    ConsentDecision,
    Erasure,
    GrantsOutcome,
    ImportOutcome,
    RawRow,
    RejectedRow,
)
from schema.model.values import LearnerId
from tests.unit.schema.fakes import NOW


@dataclass
class FakeLearnerDesk:
    """Takes every row with a reference, and remembers what it was given."""

    rows: list[RawRow] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)
    decisions: list[tuple[str, str, ConsentDecision]] = field(default_factory=list)

    async def import_learners(
        self, rows: Sequence[RawRow], by: str, reason: str | None = None
    ) -> ImportOutcome:
        self._remember(rows, by, reason)
        bad = tuple(RejectedRow(r.number, "bad") for r in rows if not r.texts["reference"])
        return ImportOutcome(len(rows) - len(bad), rejected=bad, notes=("a note",))

    async def post_grants(
        self, batch: str, rows: Sequence[RawRow], by: str, reason: str | None = None
    ) -> GrantsOutcome:
        self._remember(rows, by, reason)
        self.batches.append(batch)
        return GrantsOutcome(len(rows), amount=sum(int(row.texts["amount"]) for row in rows))

    async def erase(self, learner: LearnerId, by: str, reason: str | None = None) -> Erasure:
        self._remember((), by, reason)
        return Erasure(NOW if learner == "siti" else None, 1 if learner == "siti" else 0)

    async def decide_consent(
        self,
        learner: LearnerId,
        purpose: str,
        decision: ConsentDecision,
        by: str,
        reason: str | None = None,
    ) -> Consent | None:
        if purpose != "contact":
            raise ValueError("a purpose is contact")
        self.reasons.append(reason)
        self.decisions.append((learner, purpose, decision))
        return Consent(purpose, decision, NOW, by)

    async def read_consents(self, learner: LearnerId) -> Sequence[Consent]:
        return [Consent("contact", ConsentDecision.GIVEN, NOW, "rina")]

    def _remember(self, rows: Sequence[RawRow], by: str, reason: str | None) -> None:
        self.rows += rows
        self.actors.append(by)
        self.reasons.append(reason)
