"""Leases: among all processes on one database, one at a time does a thing.

A lease is a row with an end; its holder renews it while it works, so a process that dies
gives way when it runs out.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import Column, Connection, Row, delete, or_, select

from gateway.storage import ledger_tables, sync_tables
from gateway.storage.engine import Database
from gateway.storage.upsert import insert_into

LASTS = timedelta(seconds=60)

_ENDS: Mapping[str, Column[datetime]] = {  # of each database's leases
    "catalogue": sync_tables.lease.c.expires_at,
    "ledger": ledger_tables.lease.c.until,
}

logger = structlog.get_logger(__name__)


class Leases:
    """Takes leases in the name of one `holder`, unique among all that run: made up if not given."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        *,
        holder: str | None = None,
        lasts: timedelta = LASTS,
    ) -> None:
        self._database = database
        self._now = now
        self._holder = holder or str(uuid4())
        self._lasts = lasts
        self._ends = _ENDS[database.schema]
        self._table = self._ends.table

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[bool]:
        """Hold the lease `name` for the block; give False if another holder has it.

        Not for two blocks of one holder at once: they would share it.
        """
        if not await self.take(name):
            yield False
            return
        renewing = asyncio.create_task(self._renew(name))
        try:
            yield True
        finally:
            renewing.cancel()
            try:
                await asyncio.gather(
                    renewing, return_exceptions=True
                )  # a cancel of ours is not lost
            finally:
                await self.give_back(name)

    async def take(self, name: str) -> bool:
        """Take a lease or renew it; return whether it is ours now.

        It writes only where that may change something: most calls just look.
        """
        now = self._now()
        standing = await self._database.read(lambda connection: self._look(connection, name))
        if standing is not None:
            is_ours = standing.holder == self._holder
            left = standing.ends - now
            if left > (self._lasts / 2 if is_ours else timedelta()):
                return bool(is_ours)
        return await self._database.write(lambda connection: self._take(connection, name, now))

    async def give_back(self, name: str) -> None:
        """End a lease, if it is ours."""
        row = self._table.c
        ours = delete(self._table).where(row.name == name, row.holder == self._holder)
        await self._database.write(lambda connection: connection.execute(ours))

    def _look(self, connection: Connection, name: str) -> Row[tuple[str, datetime]] | None:
        row = self._table.c
        standing = select(row.holder, self._ends.label("ends")).where(row.name == name)
        return connection.execute(standing).one_or_none()

    def _take(self, connection: Connection, name: str, now: datetime) -> bool:
        values = {"holder": self._holder, self._ends.name: now + self._lasts}
        taken = connection.execute(
            insert_into(connection, self._table)
            .values(name=name, **values)
            .on_conflict_do_update(
                index_elements=["name"],
                set_=values,
                where=or_(self._table.c.holder == self._holder, self._ends <= now),
            )
            .returning(self._table.c.name)
        )
        return taken.one_or_none() is not None

    async def _renew(self, name: str) -> None:
        while True:
            await asyncio.sleep(self._lasts.total_seconds() / 3)
            if not await self.take(name):
                logger.error("lease.lost", lease=name)
                return
