"""Migrated databases on both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.storage.engine import Database, database_url
from gateway.storage.migrate import upgrade

ENGINES = ["sqlite", "postgresql"]


def _migrated(request: pytest.FixtureRequest, folder: Path, schema: str) -> Iterator[Database]:
    on_server = request.param == "postgresql"
    configured = request.getfixturevalue("postgres_url") if on_server else None
    database = Database(database_url(configured, folder, schema), schema)
    upgrade(database)
    yield database
    database.close()


@pytest.fixture(params=ENGINES)
def catalogue_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty catalogue database; the test runs once per engine."""
    yield from _migrated(request, tmp_path, "catalogue")


@pytest.fixture(params=ENGINES)
def ledger_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty ledger database; the test runs once per engine."""
    yield from _migrated(request, tmp_path, "ledger")
