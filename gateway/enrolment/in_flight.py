"""Taking turns under one key: a duplicate waits for the first, but not for ever.

This is for duplicates that meet in one process, so that they do not fill its writers; those of
several processes wait for each other at the learner's lock in the database, as long.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from sqlalchemy.exc import OperationalError

from gateway.storage.engine import BUSY_TIMEOUT_MS

PATIENCE_SECONDS = BUSY_TIMEOUT_MS / 1_000
_LOCK_NOT_AVAILABLE = "55P03"


class TurnNotComeError(TimeoutError):
    """An earlier request under the same key is still being recorded."""


class Turns:
    """One request at a time per scope; use it on one event loop."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience = patience_seconds
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._users: Counter[Hashable] = Counter()

    @asynccontextmanager
    async def turn(self, scope: Hashable) -> AsyncIterator[bool]:
        """Wait for one's turn; give whether somebody was before.  Raises `TurnNotComeError`."""
        lock = self._locks.setdefault(scope, asyncio.Lock())
        has_waited = lock.locked()
        self._users[scope] += 1
        try:
            await self._acquire(lock)
            try:
                yield has_waited
            finally:
                lock.release()
        finally:
            self._leave(scope)

    async def _acquire(self, lock: asyncio.Lock) -> None:
        if not lock.locked():
            await lock.acquire()  # at once
            return
        try:
            async with asyncio.timeout(self._patience):
                await lock.acquire()
        except TimeoutError as exc:
            raise TurnNotComeError from exc

    def _leave(self, scope: Hashable) -> None:
        self._users[scope] -= 1
        if not self._users[scope]:
            del self._users[scope], self._locks[scope]


def is_lock_timeout(exc: OperationalError) -> bool:
    """Return whether a lock was not to be had in time, on either engine."""
    if isinstance(exc.orig, sqlite3.OperationalError):
        return exc.orig.sqlite_errorcode == sqlite3.SQLITE_BUSY
    return getattr(exc.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE
