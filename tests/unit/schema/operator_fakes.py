"""The operators' desks, kept in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from schema import ports
from schema.model.blocks import (
    Block,
    BlockOutcome,
    BlockWish,
    Decision,
    PendingOffering,
    PendingOfferings,
)
from schema.model.decisions import CatalogueDecision, CatalogueDecisionKind
from schema.model.links import (
    CourseLink,
    InstitutionSpelling,
    LikelyCourses,
    LinkDecider,
    LinkError,
    LinkErrorCode,
    LinkOutcome,
)
from schema.model.values import CourseId, InstitutionId, OfferingId, PartnerCode
from tests.unit.schema.builders import LEMBAGA, NOW, TOKOPEDIA, cut

SPELLING = InstitutionSpelling(
    "Lembaga Kopi Arabika", TOKOPEDIA, 0.9, ("asked",), LinkDecider.RULE, NOW, is_own=False
)
DECISION = CatalogueDecision(
    CatalogueDecisionKind.OFFERING_SPLIT,
    ("offering-1",),
    "rina",
    NOW,
    "course-1",
    reason="two trades",
)


class FakeLinks:
    """One link and one likely pair; decisions are remembered and keep the first id."""

    def __init__(self, *links: CourseLink) -> None:
        self.links = links
        self.decided: list[tuple[str, tuple[str, ...]]] = []
        self.deciders: list[str] = []
        self.reasons: list[str | None] = []

    async def read_links(
        self, window: ports.Window, decided_by: LinkDecider | None = None
    ) -> ports.Slice[CourseLink]:
        wanted = [each for each in self.links if decided_by in {None, each.decided_by}]
        return cut(wanted, lambda link: link.offering_id, window)

    async def read_likely(self, limit: int) -> Sequence[LikelyCourses]:
        one, other = CourseId("course-1"), CourseId("course-2")
        pair = LikelyCourses(one, other, "Batik", "Batk", 0.8, ("a letter lost: batik, batk",))
        return [pair][:limit]

    async def confirm(
        self, offering_id: OfferingId, by: str, reason: str | None = None
    ) -> LinkOutcome:
        return self._decide("confirm", (by, reason), offering_id)

    async def split(
        self, offering_id: OfferingId, by: str, reason: str | None = None
    ) -> LinkOutcome:
        return self._decide("split", (by, reason), offering_id)

    async def merge(
        self, course_ids: Sequence[CourseId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        return self._decide("merge", (by, reason), *course_ids)

    async def merge_institutions(
        self, institution_ids: Sequence[InstitutionId], by: str, reason: str | None = None
    ) -> LinkOutcome:
        return self._decide("merge institutions", (by, reason), *institution_ids)

    async def split_institution(
        self, institution_id: InstitutionId, name: str, by: str, reason: str | None = None
    ) -> LinkOutcome:
        return self._decide(f"split {name}", (by, reason), institution_id)

    async def read_spellings(
        self, institution_id: InstitutionId
    ) -> Sequence[InstitutionSpelling] | None:
        return [SPELLING] if institution_id == LEMBAGA.id else None

    async def read_decisions(self, window: ports.Window) -> ports.Slice[CatalogueDecision]:
        return cut([DECISION], lambda made: made.by, window)

    def _decide(self, what: str, why: tuple[str, str | None], *ids: str) -> LinkOutcome:
        self.decided.append((what, ids))
        self.deciders.append(why[0])
        self.reasons.append(why[1])
        if not all(ids):
            return LinkOutcome(errors=(LinkError(LinkErrorCode.NOT_FOUND, "Look again."),))
        return LinkOutcome(ids[0])


@dataclass
class FakeBlocks:
    """A register of blocks."""

    made: list[Block] = field(default_factory=list)

    async def read_blocks(self, *, active: bool | None = None) -> Sequence[Block]:
        return [each for each in self.made if active in {None, not each.is_lifted}]

    async def block(self, wish: BlockWish, by: str) -> BlockOutcome:
        made = Block(
            len(self.made) + 1, wish.scope, wish.value, wish.reason, wish.letter,
            wish.effective_at or NOW, NOW, by,
        )  # fmt: skip
        self.made.append(made)
        return BlockOutcome(made)

    async def lift(self, block_id: int, reason: str, by: str) -> BlockOutcome:
        found = self.made[block_id - 1]
        return BlockOutcome(replace(found, lifted_at=NOW, lifted_by=by, lift_reason=reason))


@dataclass
class FakeApprovals:
    """A desk where every decision changes what it names."""

    decisions: list[Decision] = field(default_factory=list)
    waiting: tuple[PendingOffering, ...] = ()

    async def read_pending(self, partner: PartnerCode | None, limit: int) -> PendingOfferings:
        found = [each for each in self.waiting if partner in {None, each.partner}]
        return PendingOfferings(len(found), tuple(found[:limit]))

    async def decide(self, decision: Decision) -> int:
        self.decisions.append(decision)
        return len(decision.offerings)
