"""The catalogue follows the ledger's blocks: what they name is no longer shown.

Enrolling does not wait for this: it reads the ledger.  Every process hides what the blocks name
as soon as it hears of them.  Then they are copied into the catalogue's database, in a transaction
that makes a revision like any other, so that caches and feeds follow by themselves.  Every
process follows; doing it twice changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    insert,
    not_,
    or_,
    select,
    text,
    true,
    update,
)

from gateway.catalogue.in_force import BlockInForce, in_force, read_blocks
from gateway.catalogue.visibility import is_blocked, is_listed, names, publish
from gateway.storage.catalogue_tables import block, block_revision, block_state, course, offering
from gateway.storage.engine import Database
from schema.model.blocks import Block, BlockScope

POLL_SECONDS = 0.5
MOST_NAMED = 100  # changed blocks that are looked up one by one; of more, everything is

logger = structlog.get_logger()


class BlockSource(Protocol):
    """The ledger's blocks, as the catalogue sees them."""

    async def read_number(self) -> int:
        """Return the newest number of the block log; 0 before the first."""

    async def read_standing(self) -> tuple[int, Sequence[Block]]:
        """Return the blocks that are not lifted, as of which number of the log."""


class BlockFollower:
    """Keeps the catalogue as the blocks say; `notify` hears of each new revision."""

    def __init__(
        self,
        source: BlockSource,
        database: Database,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
        *,
        hide: Callable[[int, Sequence[Block]], Awaitable[None]] | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """Follow `source`; `hide` hears of its blocks first, to show nothing that they name."""
        self._source = source
        self._database = database
        self._now = now
        self._notify = notify
        self._hide = hide
        self._poll_seconds = poll_seconds
        self._followed: int | None = None  # the log's number; None before the first time
        self._next_due: datetime | None = None  # when a block that waits comes into force

    async def run(self) -> None:
        """Follow until cancelled; a database that does not answer is asked again."""
        while True:
            try:
                await self.refresh()
            except Exception:
                logger.exception("blocks.follow_failed", followed=self._followed)
            await asyncio.sleep(self._wait())

    async def refresh(self) -> None:
        """Apply the blocks if something has changed since the last time."""
        number = await self._source.read_number()
        if number != self._followed or self._is_due():
            await self.follow()

    async def follow(self) -> None:
        """Apply the blocks as they stand now."""
        number, standing = await self._source.read_standing()
        now = self._now()
        if self._hide is not None:
            await self._hide(number, standing)
        revision = await self._database.write(
            lambda connection: apply_blocks(connection, number, standing, now)
        )
        waiting = [each.effective_at for each in standing if not each.is_in_force(now)]
        self._followed, self._next_due = number, min(waiting, default=None)
        if revision is not None:
            logger.info("blocks.followed", number=number, revision=revision)
            self._notify()

    def _is_due(self) -> bool:
        return self._next_due is not None and self._next_due <= self._now()

    def _wait(self) -> float:
        if self._next_due is None:
            return self._poll_seconds
        due_in = (self._next_due - self._now()).total_seconds()
        return min(self._poll_seconds, max(0.01, due_in))


def apply_blocks(
    connection: Connection, number: int, standing: Sequence[Block], now: datetime
) -> int | None:
    """Make the catalogue what `standing` says; return the revision that this made, if any.

    A process whose news is older than what has been followed changes nothing.
    """
    if connection.dialect.name == "postgresql":  # a sync that is applied may hold its rows longer
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    followed = connection.execute(select(block_state.c.number).with_for_update()).scalar_one()
    if followed > number:
        return None
    if followed != number:
        connection.execute(update(block_state).values(number=number))
    begun, lifted = _copy(connection, standing, now)
    if not begun and not lifted:
        return None
    turned = and_(
        _concerned([(each.scope, each.value) for each in (*begun, *lifted)]),
        is_listed(),
        not_(is_blocked(without=[each.id for each in begun])),  # by what stood and stands
    )
    made = publish(connection, course.c.id.in_(select(offering.c.course_id).where(turned)))
    if made is not None:
        connection.execute(insert(block_revision).values(number=made))
    return made


def _copy(
    connection: Connection, standing: Sequence[Block], now: datetime
) -> tuple[Sequence[BlockInForce], Sequence[BlockInForce]]:
    """Make the copied blocks those in force; return which have begun, and which were lifted."""
    copied = read_blocks(connection)
    wanted = in_force(standing, copied, now)
    begun = [each for each in wanted if each not in copied]
    if begun:
        rows = [{"id": each.id, "scope": each.scope, "value": each.value} for each in begun]
        connection.execute(insert(block), rows)
    lifted = [each for each in copied if each not in wanted]
    for each in lifted:
        connection.execute(delete(block).where(block.c.id == each.id))
    return begun, lifted


def _concerned(changed: Sequence[tuple[BlockScope, str]]) -> ColumnElement[bool]:
    if len(changed) > MOST_NAMED:
        return true()
    return or_(*(names(scope, value) for scope, value in changed))
