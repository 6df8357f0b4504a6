"""How SQLite's connections are used: each has a cache, so the fewer work the less is held."""

from pathlib import Path
from threading import Barrier

import pytest
from anyio import create_task_group
from sqlalchemy import Connection

from gateway.storage.engine import READERS, Database, database_url

pytestmark = pytest.mark.anyio


def opened(folder: Path, schema: str = "ledger") -> Database:
    return Database(database_url(None, folder, schema), schema)


def which(connection: Connection) -> int:
    return id(connection.connection.dbapi_connection)


def cache_kb(connection: Connection) -> int:
    return -connection.exec_driver_sql("PRAGMA cache_size").scalar_one()


async def test_who_reads_one_after_the_other_uses_one_connection_of_several(tmp_path: Path):
    ledger = opened(tmp_path)
    all_at_once = Barrier(READERS)

    def wait_for_all(connection: Connection) -> int:
        all_at_once.wait(10)
        return which(connection)

    async with create_task_group() as group:
        for _ in range(READERS):
            group.start_soon(ledger.read, wait_for_all)
    used = {await ledger.read(which) for _ in range(2 * READERS)}
    ledger.close()

    assert len(used) == 1


async def test_only_the_writer_of_large_lists_holds_many_pages(tmp_path: Path):
    catalogue, ledger = opened(tmp_path, "catalogue"), opened(tmp_path, "ledger")

    of_lists, of_enrolments = [await each.write(cache_kb) for each in (catalogue, ledger)]
    of_reader = await ledger.read(cache_kb)
    catalogue.close()
    ledger.close()

    assert of_enrolments == of_reader < of_lists
