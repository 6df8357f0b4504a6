"""A block log that a test writes by hand."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schema.model.blocks import Block, BlockScope


@dataclass
class BlockLog:
    """The ledger's blocks, written by hand."""

    clock: Callable[[], datetime]
    blocks: list[Block] = field(default_factory=list)
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))
    number: int = 0

    def block(self, scope: BlockScope, value: str, **later: float) -> Block:
        self.number = next(self.numbers)
        now = self.clock()
        made = Block(self.number, scope, value, "why", "S-1", now + timedelta(**later), now, "op")
        self.blocks.append(made)
        return made

    def lift(self, block: Block) -> None:
        self.number = next(self.numbers)
        self.blocks.remove(block)

    async def read_number(self) -> int:
        return self.number

    async def read_standing(self) -> tuple[int, Sequence[Block]]:
        return self.number, tuple(self.blocks)
