"""The catalogue follows the ledger's blocks: what they name is no longer shown.

Enrolling does not wait for this: it reads the ledger.  The blocks that stand are copied into
the catalogue's database and applied there in one transaction, which makes a revision like any
other, so every process's snapshot, cache and feed follow by themselves.  Every process
follows; doing it twice changes nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, text, true, update

from gateway.catalogue.visibility import (
    lock_revision,
    names,
    publish,
    update_blocked,
)
from gateway.storage.catalogue_tables import block, block_state
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
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._source = source
        self._database = database
        self._now = now
        self._notify = notify
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

    A process whose news is older than what has been followed changes nothing.  The
    offerings are marked twice: a sync that commits in between has not seen the new
    blocks, and its rows are found once we hold the revision's lock.
    """
    if connection.dialect.name == "postgresql":  # a sync that is applied may hold its rows longer
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    followed = connection.execute(select(block_state.c.number).with_for_update()).scalar_one()
    if followed > number:
        return None
    if followed != number:
        connection.execute(update(block_state).values(number=number))
    changed = _copy(connection, standing, now)
    if not changed:
        return None
    concerned = _concerned(changed)
    courses = update_blocked(connection, concerned)
    lock_revision(connection)
    courses |= update_blocked(connection, concerned)
    return publish(connection, courses)


def _copy(
    connection: Connection, standing: Sequence[Block], now: datetime
) -> Sequence[tuple[BlockScope, str]]:
    """Make the copied blocks those in force; return scope and value of what came or went.

    What was once in force stays until it is lifted, whatever a slower clock says.
    """
    copied = {row.id: row for row in connection.execute(select(block))}
    begun = [each for each in standing if each.id not in copied and each.is_in_force(now)]
    if begun:
        rows = [{"id": each.id, "scope": each.scope, "value": each.value} for each in begun]
        connection.execute(insert(block), rows)
    lifted = [copied[each] for each in copied.keys() - {each.id for each in standing}]
    for row in lifted:
        connection.execute(delete(block).where(block.c.id == row.id))
    came = [(each.scope, each.value) for each in begun]
    return came + [(BlockScope(row.scope), row.value) for row in lifted]


def _concerned(changed: Sequence[tuple[BlockScope, str]]) -> ColumnElement[bool]:
    if len(changed) > MOST_NAMED:
        return true()
    return or_(*(names(scope, value) for scope, value in changed))
