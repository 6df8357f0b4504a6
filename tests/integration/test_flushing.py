"""Long writes to the catalogue's file are flushed as they are written; nothing else is."""

import asyncio
import os
import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.storage import flushing
from gateway.storage.engine import Database, database_url

pytestmark = pytest.mark.anyio


@pytest.fixture
def flushed(monkeypatch) -> list[str]:
    """The files that are flushed, in order."""
    monkeypatch.setattr(flushing, "AFTER_SECONDS", 0.01)
    monkeypatch.setattr(flushing, "EVERY_SECONDS", 0.005)
    names: list[str] = []

    def flush(descriptor: int) -> None:
        names.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        os.fdatasync(descriptor)

    monkeypatch.setattr(flushing, "flush", flush)
    return names


@pytest.fixture
def catalogue(tmp_path):
    database = Database(database_url(None, tmp_path, "catalogue"), "catalogue")
    yield database
    database.close()


def write_slowly(connection) -> None:
    connection.execute(text("CREATE TABLE IF NOT EXISTS t (x)"))
    for _ in range(20):
        connection.execute(text("INSERT INTO t VALUES (randomblob(10000))"))
        time.sleep(0.005)


async def test_a_long_write_is_flushed_while_it_goes_on(catalogue, flushed):
    await catalogue.write(write_slowly)

    assert {"catalogue.sqlite3", "catalogue.sqlite3-wal"} == set(flushed)
    assert await catalogue.read(lambda c: c.execute(text("SELECT count(*) FROM t")).scalar()) == 20


async def test_nothing_is_flushed_once_it_is_over(catalogue, flushed):
    await catalogue.write(write_slowly)
    before = len(flushed)

    await asyncio.sleep(0.05)

    assert len(flushed) == before


async def test_the_file_stays_locked_for_other_connections(catalogue, flushed, tmp_path):
    """Closing a descriptor of the file would drop the locks of everyone in the process."""

    def try_to_write(connection) -> None:
        write_slowly(connection)
        other = sqlite3.connect(tmp_path / "catalogue.sqlite3", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()

    await catalogue.write(try_to_write)
    await catalogue.write(try_to_write)

    assert flushed


async def test_the_ledger_flushes_by_itself(tmp_path, flushed):
    ledger = Database(database_url(None, tmp_path, "ledger"), "ledger")
    await ledger.write(write_slowly)
    ledger.close()

    assert not flushed
