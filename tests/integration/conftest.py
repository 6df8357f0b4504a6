"""Migrated databases on both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.storage.engine import Database, database_url
from tests.databases import PostgresTemplates, SqliteTemplates

ENGINES = ["sqlite", "postgresql"]

# What these modules assert is told as fully as what tests assert.
pytest.register_assert_rewrite(
    "tests.integration.bringing_in", "tests.integration.enrolment.ledger_machine"
)


def _empty(request: pytest.FixtureRequest, folder: Path, schema: str) -> Iterator[Database]:
    if request.param == "sqlite":
        files: SqliteTemplates = request.getfixturevalue("sqlite_templates")
        database = files.open(schema, folder)
        yield database
        database.close()
    else:
        server: PostgresTemplates = request.getfixturevalue("postgres_templates")
        url = server.create(schema)
        database = Database(database_url(url, folder, schema), schema)
        yield database
        database.close()
        server.drop(url)


@pytest.fixture(params=ENGINES)
def catalogue_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty catalogue database; the test runs once per engine."""
    yield from _empty(request, tmp_path, "catalogue")


@pytest.fixture(params=ENGINES)
def ledger_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty ledger database; the test runs once per engine."""
    yield from _empty(request, tmp_path, "ledger")
