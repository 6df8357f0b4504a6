"""The central blocks in force, over offerings in memory.

`gateway.catalogue.visibility` says the same in SQL.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection, select

from gateway.catalogue.entries import Entry
from gateway.storage.catalogue_tables import block, block_state
from schema.model.blocks import EVERY_BUNDLE, Block, BlockScope
from schema.model.catalogue import Offering
from schema.model.values import CourseId

_MERGED = (BlockScope.COURSE, BlockScope.INSTITUTION)  # whose ids may have been merged into others
_STILL_BEHIND = "~"
_NOBODY: Mapping[BlockScope, frozenset[str]] = {scope: frozenset() for scope in BlockScope}


class BlockInForce(NamedTuple):
    """What a block in force names."""

    id: int
    scope: BlockScope
    value: str


class StoredBlocks(NamedTuple):
    """The blocks that the catalogue follows, as of which number of the ledger's log."""

    number: int = 0
    blocks: Sequence[BlockInForce] = ()


NO_BLOCKS = StoredBlocks()


@dataclass(frozen=True, slots=True)
class InForce:
    """What all blocks in force name, by their scopes.

    `ahead` is empty, or stands for how they differ from those that the catalogue has stored: its
    revision alone does not say what is shown then.
    """

    values: Mapping[BlockScope, frozenset[str]] = field(default_factory=lambda: _NOBODY)
    ahead: str = ""

    def __bool__(self) -> bool:
        return any(self.values.values())

    def differing(self, other: "InForce") -> Mapping[BlockScope, frozenset[str]]:
        """Return what one of the two names and the other does not."""
        return {scope: self.values[scope] ^ other.values[scope] for scope in BlockScope}

    def left_of(self, entry: Entry) -> Sequence[Offering]:
        """Return the listed offerings of a course that no block names."""
        values, course = self.values, entry.course
        if course.id in values[BlockScope.COURSE]:
            return ()
        if course.institution.id in values[BlockScope.INSTITUTION]:
            return ()
        return [each for each in entry.listed if not self._names(each)]

    def _names(self, sold: Offering) -> bool:
        values = self.values
        categories, category = values[BlockScope.CATEGORY], sold.listed.category
        modes = values[BlockScope.DELIVERY_MODE]
        return (
            sold.partner in values[BlockScope.PARTNER]
            or sold.id in values[BlockScope.OFFERING]
            or (sold.bundle and EVERY_BUNDLE in values[BlockScope.BUNDLE])
            or (bool(modes) and sold.delivery_mode in modes)
            or (bool(categories) and category is not None and category.code in categories)
        )


NOTHING_BLOCKED = InForce()


@dataclass(frozen=True, slots=True)
class Veil:
    """The blocks that a snapshot is shown under; `stored` is what its revision has of them.

    `behind` are courses that would show more than they do: blocks have begun or ended for some of
    their offerings, and that is still to be worked out.
    """

    stored: StoredBlocks = NO_BLOCKS
    in_force: InForce = NOTHING_BLOCKED
    behind: frozenset[CourseId] = frozenset()

    @property
    def name(self) -> str:
        """What, beside the revision, decides what is shown; empty if nothing does."""
        return f"{self.in_force.ahead}{_STILL_BEHIND if self.behind else ''}"

    def without(self, changed: Iterable[CourseId]) -> "Veil":
        """Return the same after courses have been worked out."""
        return replace(self, behind=self.behind.difference(changed)) if self.behind else self


UNVEILED = Veil()


class LedgerBlocks:
    """What a process has heard of the ledger's blocks.

    The ledger tells of a block before the catalogue has noted what follows from it; a catalogue
    that another process has brought up to date may know more than we have heard.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._number = -1  # before the ledger was asked
        self._standing: Sequence[Block] = ()

    def learn(self, number: int, standing: Sequence[Block]) -> None:
        """Take the blocks that are not lifted, as of a number of the ledger's log."""
        if number >= self._number:
            self._number, self._standing = number, standing

    def in_force(self, stored: StoredBlocks, redirects: Mapping[str, str]) -> InForce:
        """Return the blocks that are in force now; `redirects` are those of merged ids."""
        newest = stored.blocks
        if self._number >= stored.number:
            newest = in_force(self._standing, stored.blocks, self._now())
        return InForce(_by_scope(newest, redirects), _difference(stored.blocks, newest))


def in_force(
    standing: Sequence[Block], stored: Iterable[BlockInForce], now: datetime
) -> Sequence[BlockInForce]:
    """Return which of the blocks that are not lifted are in force.

    What was once in force stays until it is lifted, whatever a slower clock says.
    """
    begun = {each.id for each in stored}
    return [
        BlockInForce(each.id, each.scope, each.value)
        for each in standing
        if each.is_in_force(now) or each.id in begun
    ]


def read_blocks(connection: Connection) -> Sequence[BlockInForce]:
    """Return the blocks that the catalogue has copied."""
    rows = connection.execute(select(block.c.id, block.c.scope, block.c.value))
    return [BlockInForce(number, BlockScope(scope), value) for number, scope, value in rows]


def read_stored_blocks(connection: Connection) -> StoredBlocks:
    """Return the blocks that the catalogue has copied, and how far it has followed them."""
    number = connection.execute(select(block_state.c.number)).scalar_one()
    return StoredBlocks(number, read_blocks(connection))


def _by_scope(
    blocks: Iterable[BlockInForce], redirects: Mapping[str, str]
) -> Mapping[BlockScope, frozenset[str]]:
    found: dict[BlockScope, set[str]] = {scope: set() for scope in BlockScope}
    for each in blocks:
        found[each.scope].add(each.value)
        if each.scope in _MERGED and each.value in redirects:
            found[each.scope].add(redirects[each.value])
    return {scope: frozenset(values) for scope, values in found.items()}


def _difference(stored: Collection[BlockInForce], newest: Collection[BlockInForce]) -> str:
    """Return a short name for how `newest` differs; empty if it does not."""
    differ = sorted({each.id for each in stored} ^ {each.id for each in newest})
    if not differ:
        return ""
    return "+" + blake2b(repr(differ).encode(), digest_size=6).hexdigest()
