"""Leases: among all processes on one database, one at a time does a thing.

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
from gateway.storage.sync_tables import lease
from gateway.storage.upsert import insert_into

LASTS = timedelta(seconds=60)

logger = structlog.get_logger()


class Leases:
    """Takes leases in the name of one process."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._holder = str(uuid4())

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[bool]:
        """Hold the lease `name` for the block; give False if another process holds it.

        Not for two holders in one process: they would share it.
        """
        if not await self.take(name):
            yield False
            return
        renewing = asyncio.create_task(self._renew(name))
        try:
            yield True
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            await self.give_back(name)

    async def take(self, name: str) -> bool:
        """Take or renew a lease; return whether it is ours now."""
        now = self._now()
        return await self._database.write(lambda connection: self._take(connection, name, now))

    async def give_back(self, name: str) -> None:
        """End a lease, if it is ours."""
        ours = delete(lease).where(lease.c.name == name, lease.c.holder == self._holder)
        await self._database.write(lambda connection: connection.execute(ours))

    def _take(self, connection: Connection, name: str, now: datetime) -> bool:
        values = {"holder": self._holder, "expires_at": now + LASTS}
        taken = connection.execute(
            insert_into(connection, lease)
            .values(name=name, **values)
            .on_conflict_do_update(
                index_elements=["name"],
                set_=values,
                where=or_(lease.c.holder == self._holder, lease.c.expires_at < now),
            )
            .returning(lease.c.name)
        )
        return taken.one_or_none() is not None

    async def _renew(self, name: str) -> None:
        while True:
            await asyncio.sleep(LASTS.total_seconds() / 3)
            if not await self.take(name):
                logger.error("lease.lost", lease=name)
                return
