"""The register of central blocks: rows of the ledger that are lifted, never deleted.

An enrolment is judged while no block can be made or lifted, so what is enrolled after a block
was answered has seen it.  Every change takes the next number of the block log, which the
catalogue follows.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    Connection,
    Row,
    func,
    insert,
    select,
    update,
)

from gateway.enrolment.audit.records import Act, record
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import block, block_log
from schema.model.blocks import (
    Block,
    BlockErrorCode,
    BlockOutcome,
    BlockRefusal,
    BlockScope,
    BlockWish,
    Targets,
)

_LOCK = 0x626C6F636B  # "block": of PostgreSQL's advisory locks; SQLite has one writer anyway

logger = structlog.get_logger()


async def _tell_nobody() -> None:
    """Tell nobody."""


class BlockRegister:
    """Makes, lifts and lists blocks: implements `schema.block_ports.Blocks`."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        on_change: Callable[[], Awaitable[None]] = _tell_nobody,
    ) -> None:
        """Make the register; `on_change` is awaited after each commit, and may fail."""
        self._database = database
        self._now = now
        self._on_change = on_change

    async def read_blocks(self, *, active: bool | None = None) -> Sequence[Block]:
        """Return the blocks, newest first: those that are not lifted, the lifted, or all."""
        question = select(block).order_by(block.c.id.desc())
        if active is not None:
            lifted = block.c.lifted_at
            question = question.where(lifted.is_(None) if active else lifted.is_not(None))
        rows = await self._database.read(lambda connection: connection.execute(question).all())
        return [_to_block(row) for row in rows]

    async def block(self, wish: BlockWish, by: str) -> BlockOutcome:
        """Record a block; the same scope, value and letter again is the block that stands."""
        now = self._now()
        found = await self._database.write(lambda connection: _block(connection, wish, by, now))
        await self._tell()
        return BlockOutcome(found)

    async def lift(self, block_id: int, reason: str, by: str) -> BlockOutcome:
        """Lift a block; one that is lifted already stays as it is."""
        now = self._now()
        found = await self._database.write(
            lambda connection: _lift(connection, block_id, reason, by, now)
        )
        if found is None:
            message = f"There is no block {block_id}; list the blocks to find its number."
            return BlockOutcome(None, (BlockRefusal(BlockErrorCode.NOT_FOUND, message),))
        await self._tell()
        return BlockOutcome(found)

    async def read_number(self) -> int:
        """Return the newest number of the block log; 0 before the first."""
        return await self._database.read(_number)

    async def read_standing(self) -> tuple[int, Sequence[Block]]:
        """Return the blocks that are not lifted, as of which number of the log."""
        return await self._database.read(
            lambda connection: (_number(connection), _standing(connection))
        )

    async def _tell(self) -> None:
        try:
            await self._on_change()
        except Exception:  # it is recorded, and whoever follows the log asks again
            logger.exception("blocks.tell_failed")


def keep_still(connection: Connection) -> None:
    """Let nobody make or lift a block until the commit; enrolments do not exclude each other."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))


class StandingBlocks:
    """The blocks that are not lifted, kept in memory and read again when the log has grown.

    What `of` gives is never older than the connection's own view of the log.
    """

    def __init__(self) -> None:
        self._read_at: tuple[int, Mapping[tuple[BlockScope, str], Sequence[Block]]] = (0, {})

    def of(self, connection: Connection) -> Mapping[tuple[BlockScope, str], Sequence[Block]]:
        """Return the blocks by what they name, each group oldest first."""
        number = _number(connection)
        if self._read_at[0] != number:
            by_target: dict[tuple[BlockScope, str], list[Block]] = {}
            for each in _standing(connection):
                by_target.setdefault((each.scope, each.value), []).append(each)
            self._read_at = number, by_target
        return self._read_at[1]


def block_on(
    standing: Mapping[tuple[BlockScope, str], Sequence[Block]], targets: Targets, now: datetime
) -> Block | None:
    """Return the oldest block in force that names one of `targets`, or None."""
    found = (
        each
        for scope, values in targets.items()
        for value in values
        for each in standing.get((scope, value), ())
        if each.is_in_force(now)
    )
    return min(found, key=lambda each: each.id, default=None)


def _block(connection: Connection, wish: BlockWish, by: str, now: datetime) -> Block:
    _lock(connection)
    standing = connection.execute(
        select(block).where(
            block.c.scope == wish.scope,
            block.c.value == wish.value,
            block.c.letter == wish.letter,
            block.c.lifted_at.is_(None),
        )
    ).first()
    if standing is not None:
        return _to_block(standing)
    number = _number(connection) + 1
    made = Block(
        id=number,
        scope=wish.scope,
        value=wish.value,
        reason=wish.reason,
        letter=wish.letter,
        effective_at=wish.effective_at or now,
        created_at=now,
        created_by=by,
    )
    columns = [column.name for column in block.columns]
    connection.execute(insert(block).values({name: getattr(made, name) for name in columns}))
    _log(connection, number, number, "BLOCKED", now)
    told = {
        "scope": wish.scope,
        "value": wish.value,
        "letter": wish.letter,
        "reason": wish.reason,
    }
    record(connection, Act.BLOCKED, f"block:{number}", by=by, at=now, **told)
    return made


def _lift(
    connection: Connection, block_id: int, reason: str, by: str, now: datetime
) -> Block | None:
    _lock(connection)
    lifted = connection.execute(
        update(block)
        .where(block.c.id == block_id, block.c.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by=by, lift_reason=reason)
    )
    if lifted.rowcount:
        _log(connection, _number(connection) + 1, block_id, "LIFTED", now)
        record(connection, Act.BLOCK_LIFTED, f"block:{block_id}", by=by, at=now, reason=reason)
    row = connection.execute(select(block).where(block.c.id == block_id)).first()
    return None if row is None else _to_block(row)


def _lock(connection: Connection) -> None:
    """Wait for the enrolments under way, and make the changes of blocks take turns."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _log(connection: Connection, number: int, block_id: int, kind: str, now: datetime) -> None:
    connection.execute(
        insert(block_log).values(number=number, block_id=block_id, kind=kind, at=now)
    )


def _number(connection: Connection) -> int:
    number: int = connection.execute(
        select(func.coalesce(func.max(block_log.c.number), 0))
    ).scalar_one()
    return number


def _standing(connection: Connection) -> Sequence[Block]:
    question = select(block).where(block.c.lifted_at.is_(None)).order_by(block.c.id)
    return [_to_block(row) for row in connection.execute(question)]


def _to_block(row: Row[Any]) -> Block:
    return Block(
        id=row.id,
        scope=BlockScope(row.scope),
        value=row.value,
        reason=row.reason,
        letter=row.letter,
        effective_at=row.effective_at,
        created_at=row.created_at,
        created_by=row.created_by,
        lifted_at=row.lifted_at,
        lifted_by=row.lifted_by,
        lift_reason=row.lift_reason,
    )
