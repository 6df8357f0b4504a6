"""What operators' resolvers need to block and to approve, as Protocols."""

from collections.abc import Sequence
from typing import Protocol

from schema.model.blocks import Block, BlockOutcome, BlockWish, Decision, PendingOfferings
from schema.model.values import PartnerCode


class Blocks(Protocol):
    """The register of central blocks."""

    async def read_blocks(self, *, active: bool | None = None) -> Sequence[Block]:
        """Return the blocks, newest first: those that are not lifted, the lifted, or all."""

    async def block(self, wish: BlockWish, by: str) -> BlockOutcome:
        """Record a block; the same scope, value and letter again is the block that stands."""

    async def lift(self, block_id: int, reason: str, by: str) -> BlockOutcome:
        """Lift a block; one that is lifted already stays as it is."""


class Approvals(Protocol):
    """What the programme has approved of what partners list."""

    async def read_pending(self, partner: PartnerCode | None, limit: int) -> PendingOfferings:
        """Return the offerings that wait for approval, longest first."""

    async def decide(self, decision: Decision) -> int:
        """Carry out a decision; return how many offerings it changed."""
