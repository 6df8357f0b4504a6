"""Held lists, kept in memory."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from schema.model.held import (
    Alarm,
    AlarmKind,
    DecisionErrorCode,
    DecisionRefusal,
    HeldSync,
    ListChange,
    ListChangeKind,
    SyncDecision,
)
from schema.model.syncing import SyncProgress
from schema.model.values import Money, PartnerCode
from tests.unit.schema.fakes import NOW, TOKOPEDIA

PRICES_TENFOLD = HeldSync(
    run=12,
    partner=TOKOPEDIA,
    since=NOW,
    read_at=NOW,
    alarms=(Alarm(AlarmKind.PRICES, "multiplies the prices of 3 of 5 offerings by ten or more"),),
    fetched=5,
    added=0,
    changed=3,
    unchanged=2,
    withdrawn=0,
    quarantined=0,
    examples=(ListChange(ListChangeKind.REPRICED, "k1", "Kopi", Money(35_000), Money(350_000)),),
)


@dataclass
class FakeHeldSyncs:
    """Knows what is held, and forgets it once it is decided."""

    held: list[HeldSync] = field(default_factory=lambda: [PRICES_TENFOLD])
    deciders: list[str] = field(default_factory=list)

    async def read_held(self) -> Sequence[HeldSync]:
        return self.held

    async def approve(self, run: int, by: str, reason: str | None = None) -> SyncDecision:
        return self._decide(run, by, revision=8)

    async def reject(self, run: int, by: str, reason: str | None = None) -> SyncDecision:
        return self._decide(run, by, revision=None)

    def _decide(self, run: int, by: str, revision: int | None) -> SyncDecision:
        found = next((each for each in self.held if each.run == run), None)
        if found is None:
            refusal = DecisionRefusal(DecisionErrorCode.NOT_HELD, f"run {run} is not held")
            return SyncDecision(refusals=(refusal,))
        self.held.remove(found)
        self.deciders.append(by)
        return SyncDecision(found.partner, revision)


@dataclass
class FakeSyncWatch:
    """Tells of one sync from its first page to its end."""

    asked: list[PartnerCode | None] = field(default_factory=list)

    async def follow(
        self, partner: PartnerCode | None = None
    ) -> AsyncGenerator[SyncProgress, None]:
        self.asked.append(partner)
        yield SyncProgress(TOKOPEDIA, fetched=100, total=150)
        yield SyncProgress(TOKOPEDIA, fetched=150, total=150, added=150, finished=True)
