"""Leases of the ledger: among all processes on it, one at a time does a thing.

A lease is a row with an end.  Its holder renews it while it works; one that dies gives way
when the lease runs out.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select

from gateway.storage.engine import Database
from gateway.storage.ledger_tables import lease
from gateway.storage.upsert import insert_into

LASTS = timedelta(seconds=10)


class Lease:
    """One lease, as one process sees it; `holder` is unique among all that run."""

    def __init__(
        self, ledger: Database, name: str, holder: str, now: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._name = name
        self._holder = holder
        self._now = now

    async def take(self) -> bool:
        """Take the lease or renew it; return whether it is ours now.

        It writes only where that may change something: most calls just look.
        """
        now = self._now()
        standing = await self._ledger.read(
            lambda connection: connection.execute(
                select(lease.c.holder, lease.c.until).where(lease.c.name == self._name)
            ).first()
        )
        if standing is not None and standing.holder == self._holder:
            is_young = standing.until - now > LASTS / 2
        else:
            is_young = standing is not None and standing.until > now
        if standing is not None and is_young:
            return bool(standing.holder == self._holder)
        return await self._ledger.write(lambda connection: self._take(connection, now))

    async def give_back(self) -> None:
        """End the lease, if it is ours."""
        ours = delete(lease).where(lease.c.name == self._name, lease.c.holder == self._holder)
        await self._ledger.write(lambda connection: connection.execute(ours))

    def _take(self, connection: Connection, now: datetime) -> bool:
        values = {"holder": self._holder, "until": now + LASTS}
        taken = connection.execute(
            insert_into(connection, lease)
            .values(name=self._name, **values)
            .on_conflict_do_update(
                index_elements=["name"],
                set_=values,
                where=or_(lease.c.holder == self._holder, lease.c.until <= now),
            )
            .returning(lease.c.name)
        )
        return taken.one_or_none() is not None
