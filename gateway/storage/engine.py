"""One way to reach a database, SQLite or PostgreSQL: a function of a connection, in a thread.

`await database.write(change)` runs `change(connection)` in one transaction and commits;
`await database.write_much(change)` does so for what changes thousands of rows;
`await database.write_soon(change)` does so without waiting for the disk, for what a power
cut may undo; `await database.read(question)` runs it in a read-only one.  On SQLite all writes go
through one writer thread (`BEGIN IMMEDIATE`), so writers queue in the process and not on
the file; on PostgreSQL they share a pool.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from gateway.storage.flushing import Flusher

T = TypeVar("T")

READERS = 4  # threads (and pooled connections) for reading, per database and process
WRITERS = 4  # the same for writing on PostgreSQL; SQLite has one
BUSY_TIMEOUT_MS = 5_000
CONNECT_SECONDS = 5  # for PostgreSQL: a host that is gone says nothing
WAL_PAGES = 4_000  # 16 MB before the log is put into the file: pages in it are often the same
ATTEMPTS = 3  # for a transaction that lost a deadlock or a serialisation race
LOOK_SECONDS = (0.0005, 0.003)  # between two looks whether SQLite's writer has ended
_RACE_LOST = {"40001", "40P01"}
_IMMEDIATE = "BEGIN IMMEDIATE"
_PRIMARY = 0xFF  # the part of SQLite's error codes that says which kind


@dataclass(frozen=True, slots=True)
class _Manner:
    """How SQLite's connections of one kind work; `cache_kb` is a bound, filled when needed.

    What a connection has read is void as soon as another writes, and the system has it in memory,
    too.  A cache that fills and empties all the time saves little, and makes the heap grow.
    """

    begin: str
    synchronous: str = "FULL"
    cache_kb: int = 2_000


_READING = _Manner("BEGIN", cache_kb=200)
_WRITING = {
    "catalogue": _Manner(_IMMEDIATE, cache_kb=500),  # other processes write it, too
    "ledger": _Manner(_IMMEDIATE),  # a few learners at a time, of whom none comes again soon
}
_WRITING_MUCH = _Manner(_IMMEDIATE, cache_kb=32_000)  # a large list's indexes
_WRITING_SOON = _Manner(_IMMEDIATE, "NORMAL", cache_kb=8_000)


class Database:
    """One of the two databases: `schema` is "catalogue" or "ledger".

    On SQLite each is a file of its own, on PostgreSQL a schema of one database; the
    tables name their schema, and SQLite's engine translates it away.
    """

    def __init__(self, url: str, schema: str) -> None:
        self.schema = schema
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.engine = _build_sqlite_engine(url, _WRITING[schema])
            self._much_engine = _build_sqlite_engine(url, _WRITING_MUCH)
            self._soon_engine = _build_sqlite_engine(url, _WRITING_SOON)
            self._read_engine = _build_sqlite_engine(url, _READING)
        else:
            self.engine = self._much_engine = self._soon_engine = _build_postgres_engine(url)
            self._read_engine = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._flusher = _flusher_of(self.engine) if schema == "catalogue" else None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix=f"{schema}-read")
        self._writers = ThreadPoolExecutor(
            1 if self.is_sqlite else WRITERS, thread_name_prefix=f"{schema}-write"
        )

    async def read(self, question: Callable[[Connection], T]) -> T:
        """Return `question(connection)`, asked of one snapshot and rolled back."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, question)

    async def write(self, change: Callable[[Connection], T]) -> T:
        """Return `change(connection)`, committed; it may be run again after a lost race."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writers, self._write, self.engine, change)

    async def write_much(self, change: Callable[[Connection], T]) -> T:
        """Do as `write`, with many pages in memory: for what changes thousands of rows."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writers, self._write, self._much_engine, change)

    async def write_soon(self, change: Callable[[Connection], T]) -> T:
        """Do as `write`, but leave it to the next `write` that the disk has it.

        The process may die: what is committed stays.  A power cut may undo the last ones, in
        order, so it is for what can be fetched again.
        """

        def change_soon(connection: Connection) -> T:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            return change(connection)

        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._writers, self._write, self._soon_engine, change_soon
        )

    def close(self) -> None:
        """Finish what has begun and let go of threads and connections."""
        self._readers.shutdown()
        self._writers.shutdown()
        self._read_engine.dispose()
        self._soon_engine.dispose()
        self._much_engine.dispose()
        self.engine.dispose()
        if self._flusher:
            self._flusher.close()

    def _flushing(self) -> AbstractContextManager[None]:
        return self._flusher.during_write() if self._flusher else nullcontext()

    def _read(self, question: Callable[[Connection], T]) -> T:
        with self._read_engine.connect() as connection:
            return question(connection)

    def _write(self, engine: Engine, change: Callable[[Connection], T]) -> T:
        attempt = 1
        while True:
            try:
                with self._flushing(), engine.begin() as connection:
                    return change(connection)
            except OperationalError as exc:
                lost_race = getattr(exc.orig, "sqlstate", None) in _RACE_LOST
                if attempt == ATTEMPTS or not lost_race:
                    raise
            time.sleep(random.uniform(0, 0.05 * attempt))  # noqa: S311 - jitter, not secrecy
            attempt += 1


def _flusher_of(engine: Engine) -> Flusher | None:
    """Return what flushes a database's file; None where the database sees to that itself."""
    file = engine.url.database
    return Flusher(Path(file)) if engine.dialect.name == "sqlite" and file else None


def database_url(configured: str | None, data_dir: Path, schema: str) -> str:
    """Return the URL of one database: the configured one, or a file in `data_dir`."""
    if configured is None:
        return f"sqlite:///{data_dir / f'{schema}.sqlite3'}"
    scheme, _, rest = configured.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else configured


def _build_sqlite_engine(url: str, manner: _Manner) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        poolclass=QueuePool,
        pool_size=READERS,
        pool_use_lifo=True,  # each connection has a cache: what one can do needs no more of them
        hide_parameters=True,
        execution_options={"schema_translate_map": {"catalogue": None, "ledger": None}},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={manner.synchronous}",
            "foreign_keys=ON",
            "recursive_triggers=ON",  # else a REPLACE passes by those that guard audited rows
            f"cache_size=-{manner.cache_kb}",
            f"wal_autocheckpoint={WAL_PAGES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if manner.begin != _IMMEDIATE or not _has_begun(connection):
            connection.exec_driver_sql(manner.begin)

    return engine


def _has_begun(connection: Connection) -> bool:
    """Begin to write once no other process does; False if that cannot be, which a try will tell.

    SQLite's own waiting sleeps longer and longer, so that a process that has waited is the last
    to notice its turn; many short looks give all the same chance.
    """
    raw: Any = connection.connection.dbapi_connection
    ends = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < ends:
            try:
                raw.execute(_IMMEDIATE)
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY:
                    return False
                time.sleep(random.uniform(*LOOK_SECONDS))  # noqa: S311 - jitter, not secrecy
            else:
                return True
        return False
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _build_postgres_engine(url: str) -> Engine:
    return create_engine(
        url,
        pool_size=READERS + WRITERS,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text must hold no personal data
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": "-c lock_timeout=5s -c statement_timeout=60s -c timezone=UTC",
        },
    )
