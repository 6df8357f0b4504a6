"""Whatever was done in whatever order: the chain verifies, and no single tampering hides."""

# ruff: noqa: S608 - statements made of our own names

import shutil
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text

from gateway.enrolment.audit.chain import SOURCES
from gateway.enrolment.audit.records import Act, record
from gateway.enrolment.audit.sealer import read_head, seal
from gateway.enrolment.audit.verifying import verify
from gateway.enrolment.money import Movement, MovementKind, post
from gateway.storage.engine import Database, database_url
from gateway.storage.ledger_tables import learner
from tests.databases import SqliteTemplates
from tests.integration.enrolment.builders import NOW, SITI

WRITES = st.tuples(st.sampled_from(["act", "money"]), st.integers(0, 3), st.text(max_size=5))
SEALS = st.tuples(st.just("seal"), st.integers(1, 4), st.just(""))
HISTORIES = st.lists(WRITES | SEALS, min_size=1, max_size=12)
TAMPERINGS = {
    "content": "UPDATE {table} SET at = '1999-01-01 00:00:00.000000' WHERE seal = {n}",
    "link": "UPDATE {table} SET seal_hash = zeroblob(32) WHERE seal = {n}",
    "unsealed": "UPDATE {table} SET seal = NULL WHERE seal = {n}",
    "deleted": "DELETE FROM {table} WHERE seal = {n}",
    "to the end": "UPDATE {table} SET seal = 1000 WHERE seal = {n}",
    "to the beginning": "UPDATE {table} SET seal = -1 WHERE seal = {n}",
}


@pytest.fixture(scope="module")
def empty_ledger(
    sqlite_templates: SqliteTemplates, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A migrated SQLite ledger without guards, to copy for each example."""
    folder = tmp_path_factory.mktemp("empty")
    database = sqlite_templates.open("ledger", folder)
    with database.engine.begin() as connection:
        for source in SOURCES:
            for guard in ("stays", "remains"):
                connection.execute(text(f"DROP TRIGGER {source.table.name}_{guard}"))
        row = {"id": SITI, "scheme": "2023", "announced_on": NOW.date()}
        row |= {"in_formal_education": False, "provisioned_at": NOW}
        connection.execute(insert(learner).values(row))
    database.close()
    return folder


def live_through(connection: Connection, history: list[tuple[str, int, str]]) -> None:
    for number, (deed, amount, word) in enumerate(history):
        at = NOW + timedelta(seconds=amount)  # not in order: clocks differ
        if deed == "act":
            record(connection, Act.BLOCKED, f"block:{word}", by=word, at=at, word=word)
        elif deed == "money":
            post(connection, Movement(MovementKind.GRANT, SITI, amount, f"{number}"), at)
        else:
            seal(connection, limit=amount)
    while seal(connection):
        pass


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    history=HISTORIES,
    kind=st.sampled_from([*TAMPERINGS, "swapped"]),
    chance=st.integers(0, 10**6),
)
def test_every_history_verifies_and_every_tampering_is_found(
    empty_ledger: Path, history, kind: str, chance: int
):
    with TemporaryDirectory() as folder:
        shutil.copytree(empty_ledger, folder, dirs_exist_ok=True)
        database = Database(database_url(None, Path(folder), "ledger"), "ledger")
        try:
            with database.engine.begin() as connection:
                live_through(connection, history)
                kept = read_head(connection)
                untouched = verify(connection, kept)
                assert (untouched.fault, untouched.good) == (None, kept)
                assert untouched.tail.rows == 0
                if kept.number == 0:
                    return
                number = 1 + chance % kept.number
                victim = tamper(connection, kind, number, kept.number)
                found = verify(connection, kept)
                assert (found.fault is None) is (victim is None)
                if victim is not None and kind != "to the beginning":
                    assert found.good.number == victim - 1  # the first bad row is named
        finally:
            database.close()


def tamper(connection: Connection, kind: str, number: int, last: int) -> int | None:
    """Do one bad thing to row `number`; return the first row that is not as it was."""
    if kind == "swapped":
        if number == last:
            return None
        for old, new in ((number, 10**6), (number + 1, number), (10**6, number + 1)):
            for source in SOURCES:
                statement = f"UPDATE {source.table.name} SET seal = {new} WHERE seal = {old}"
                connection.execute(text(statement))
        return number
    for source in SOURCES:
        connection.execute(text(TAMPERINGS[kind].format(table=source.table.name, n=number)))
    return number
