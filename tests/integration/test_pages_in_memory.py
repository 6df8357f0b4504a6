"""How much of a database's file a process keeps in memory."""

import pytest

from gateway.storage.engine import Database

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("schema", "most_kb"), [("ledger", 4_000), ("catalogue", 32_000)])
async def test_who_writes_a_few_rows_at_a_time_keeps_few_pages(tmp_path, schema, most_kb):
    database = Database(f"sqlite:///{tmp_path / 'file.sqlite3'}", schema)

    told = await database.write(lambda c: c.exec_driver_sql("PRAGMA cache_size").scalar())
    database.close()

    assert told == -most_kb  # below zero it is in kB
