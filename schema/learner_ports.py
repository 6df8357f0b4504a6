"""What operators' resolvers need to bring in learners and their money, as a Protocol."""

from collections.abc import Sequence
from typing import Protocol

from schema.model.learners import (
    Consent,
    ConsentDecision,
    Erasure,
    GrantsOutcome,
    ImportOutcome,
    RawRow,
)
from schema.model.values import LearnerId


class LearnerDesk(Protocol):
    """The desk through which learners, their grants and their data come and go."""

    async def import_learners(
        self, rows: Sequence[RawRow], by: str, reason: str | None = None
    ) -> ImportOutcome:
        """Make learners known, or bring what is known up to date; a bad row is left out."""

    async def post_grants(
        self, batch: str, rows: Sequence[RawRow], by: str, reason: str | None = None
    ) -> GrantsOutcome:
        """Post grants; a row of a batch that was posted before is not posted again."""

    async def erase(self, learner: LearnerId, by: str, reason: str | None = None) -> Erasure:
        """Destroy what is personal about a learner; ledger and audit stay."""

    async def decide_consent(
        self,
        learner: LearnerId,
        purpose: str,
        decision: ConsentDecision,
        by: str,
        reason: str | None = None,
    ) -> Consent | None:
        """Record a learner's decision; the same again is the one that stands.  None: unknown.

        Raises `ValueError` for what is no purpose.
        """

    async def read_consents(self, learner: LearnerId) -> Sequence[Consent]:
        """Return a learner's decisions, oldest first."""
