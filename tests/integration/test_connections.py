"""How SQLite's connections are used: each has a cache, so the fewer work the less is held.

Each has the programs of statements, too: the fewer texts they have, the less is held.
"""

from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from anyio import create_task_group
from sqlalchemy import Connection, literal, select

from gateway.storage.engine import READERS, Database, database_url
from gateway.storage.ledger_tables import learner
from gateway.storage.sets import is_none_of, is_one_of, is_one_row_of
from tests.circles import leaving_none_behind

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


async def test_only_who_writes_much_holds_many_pages(tmp_path: Path):
    catalogue, ledger = opened(tmp_path, "catalogue"), opened(tmp_path, "ledger")

    of_lists = await catalogue.write_much(cache_kb)
    others = [
        await ask(cache_kb) for each in (catalogue, ledger) for ask in (each.read, each.write)
    ]
    catalogue.close()
    ledger.close()

    assert max(others) * 10 < of_lists


async def test_who_is_overtaken_all_the_time_holds_the_fewest_pages(tmp_path: Path):
    catalogue, ledger = opened(tmp_path, "catalogue"), opened(tmp_path, "ledger")

    asked = catalogue.read, catalogue.write, ledger.read
    overtaken = [await ask(cache_kb) for ask in asked]
    alone = await ledger.write(cache_kb)
    catalogue.close()
    ledger.close()

    assert max(overtaken) * 4 <= alone


async def test_what_changes_much_is_committed_as_all_else_is(tmp_path: Path):
    catalogue = opened(tmp_path, "catalogue")

    await catalogue.write_much(lambda c: c.exec_driver_sql("CREATE TABLE list (id INTEGER)"))
    found = await catalogue.read(lambda c: c.exec_driver_sql("SELECT * FROM list").all())
    catalogue.close()

    assert found == []


async def test_lists_of_many_lengths_are_one_statement(tmp_path: Path):
    ledger = opened(tmp_path)
    texts: set[str] = set()

    def put(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE learner (id TEXT PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO learner VALUES ('7'), ('70')")

    def find(connection: Connection, number: int) -> list[str]:
        ids = [f"{each}" for each in range(number)]
        question = select(learner.c.id).where(is_one_of(connection, learner.c.id, ids))
        texts.add(str(question.compile(connection, compile_kwargs={"render_postcompile": True})))
        return list(connection.execute(question).scalars())

    await ledger.write(put)
    found = [await ledger.read(partial(find, number=number)) for number in (0, 1, 8, 64, 20_000)]
    ledger.close()

    assert found == [[], [], ["7"], ["7"], ["7", "70"]]
    assert len(texts) == 1


async def test_a_value_with_a_nul_is_no_other(tmp_path: Path):
    ledger = opened(tmp_path)

    def find(connection: Connection) -> list[str]:
        condition = is_one_of(connection, literal("7"), ["7\0", "7\0 8"])
        return list(connection.execute(select(literal("found")).where(condition)).scalars())

    assert await ledger.read(find) == []
    ledger.close()


async def test_a_list_in_a_statement_leaves_nothing_in_circles(tmp_path: Path):
    ledger = opened(tmp_path)
    columns = [learner.c.id, learner.c.scheme]

    def name(connection: Connection) -> None:
        for condition in (
            is_one_of(connection, learner.c.id, ["7", "8"]),
            is_none_of(connection, learner.c.id, ["7", "8"]),
            is_one_row_of(connection, columns, [("7", "8")]),
        ):
            select(learner.c.id).where(condition)

    await ledger.read(name)
    with leaving_none_behind() as turns:
        for _ in turns:
            await ledger.read(name)
    ledger.close()
