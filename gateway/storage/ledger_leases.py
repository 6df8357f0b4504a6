"""Leases on the ledger's database: among all processes, one at a time does a thing.

A lease is a row with an end; its holder renews it while it works, so a process that dies
gives way within a minute.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import Connection, delete, or_

from gateway.storage.engine import Database
from gateway.storage.ledger_tables import lease
from gateway.storage.upsert import insert_into

LASTS = timedelta(seconds=60)

logger = structlog.get_logger(__name__)


class LedgerLeases:
    """Takes leases in the name of one process, or of one part of it."""

    def __init__(self, ledger: Database, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._now = now
        self._holder = str(uuid4())

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[bool]:
        """Hold the lease `name` for the block; give False if another holds it."""
        if not await self._take(name):
            yield False
            return
        renewing = asyncio.create_task(self._renew(name))
        try:
            yield True
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            await self._give_back(name)

    async def _take(self, name: str) -> bool:
        now = self._now()

        def take(connection: Connection) -> bool:
            values = {"holder": self._holder, "until": now + LASTS}
            taken = connection.execute(
                insert_into(connection, lease)
                .values(name=name, **values)
                .on_conflict_do_update(
                    index_elements=["name"],
                    set_=values,
                    where=or_(lease.c.holder == self._holder, lease.c.until < now),
                )
                .returning(lease.c.name)
            )
            return taken.one_or_none() is not None

        return await self._ledger.write(take)

    async def _renew(self, name: str) -> None:
        while True:
            await asyncio.sleep(LASTS.total_seconds() / 3)
            if not await self._take(name):
                logger.error("lease.lost", lease=name)
                return

    async def _give_back(self, name: str) -> None:
        ours = delete(lease).where(lease.c.name == name, lease.c.holder == self._holder)
        await self._ledger.write(lambda connection: connection.execute(ours))
