"""The sealer: gives audited rows their place in the chain, soon after their commit.

The chain is not made in the transactions it tells of: they would wait for each other.  One
sealer, elected by a lease, takes the rows that it can see and that have no number yet.  So a
row that commits late gets a later number, and nothing is sealed that may still vanish.  The
lock on the head makes sealers take turns even where the lease fails.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, select, update
from sqlalchemy.exc import DBAPIError

from gateway.enrolment.audit.chain import SOURCES, Head, Source
from gateway.storage.audit_tables import audit_head
from gateway.storage.engine import Database
from gateway.storage.leases import Leases

PAUSE_SECONDS = 0.4  # between two looks: rows are sealed within a second
BATCH = 1_000  # rows in one transaction
LEASE = "audit"
LEASE_LASTS = timedelta(seconds=10)

log = structlog.get_logger(__name__)


class Sealer:
    """Seals until it is cancelled, while its process holds the lease."""

    def __init__(self, ledger: Database, *, now: Callable[[], datetime], holder: str) -> None:
        self._ledger = ledger
        self._leases = Leases(ledger, now, holder=holder, lasts=LEASE_LASTS)

    async def run(self) -> None:
        """Seal what waits, again and again."""
        try:
            while True:
                try:
                    await self.seal_waiting()
                except Exception as exc:  # noqa: BLE001 - what waits is sealed next time
                    log.error("audit.seal_failed", error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            with suppress(DBAPIError):  # then it runs out by itself
                await asyncio.shield(self._leases.give_back(LEASE))

    async def seal_waiting(self) -> int:
        """Seal all that waits, if the lease is ours; return how many rows that were."""
        sealed = 0
        while await self._leases.take(LEASE) and await self._ledger.read(_is_waiting):
            sealed += await self._ledger.write(seal)
        return sealed


def seal(connection: Connection, limit: int = BATCH) -> int:
    """Seal up to `limit` rows that wait, oldest first; return how many."""
    head = read_head(connection, for_update=True)
    waiting = sorted(_read_waiting(connection, limit), key=_age)[:limit]
    seals: dict[str, list[dict[str, Any]]] = {source.name: [] for source in SOURCES}
    for source, row in waiting:
        head = head.then(source.canonical(row))
        seals[source.name].append(_to_seal(source, row, head))
    for source in SOURCES:
        if seals[source.name]:
            connection.execute(_sealing(source), seals[source.name])
    connection.execute(update(audit_head).values(number=head.number, hash=head.hash))
    return len(waiting)


def read_head(connection: Connection, *, for_update: bool = False) -> Head:
    """Return how far the chain reaches; `for_update` keeps it there until the commit."""
    question = select(audit_head.c.number, audit_head.c.hash)
    if for_update:
        question = question.with_for_update()
    row = connection.execute(question).one()
    return Head(row.number, row.hash)


def _is_waiting(connection: Connection) -> bool:
    return any(_read_waiting(connection, 1))


def _read_waiting(connection: Connection, limit: int) -> list[tuple[Source, Row[Any]]]:
    found: list[tuple[Source, Row[Any]]] = []
    for source in SOURCES:
        table = source.table
        rows = connection.execute(
            select(table).where(table.c.seal.is_(None)).order_by(table.c.at).limit(limit)
        )
        found += [(source, row) for row in rows]
    return found


def _age(waiting: tuple[Source, Row[Any]]) -> tuple[datetime, str]:
    source, row = waiting
    return row.at, source.place(row)


def _sealing(source: Source) -> Any:
    keys = [source.table.c[column] == bindparam(f"key_{column}") for column in source.key]
    return (
        update(source.table)
        .where(*keys)
        .values(seal=bindparam("new_seal"), seal_hash=bindparam("new_hash"))
    )


def _to_seal(source: Source, row: Row[Any], at: Head) -> dict[str, Any]:
    keys = {f"key_{column}": getattr(row, column) for column in source.key}
    return {**keys, "new_seal": at.number, "new_hash": at.hash}
