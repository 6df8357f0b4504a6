"""The endpoint for pushed lists around a real catalogue, on both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.storage.engine import Database
from tests.databases import SqliteTemplates
from tests.integration.push.partners import Pushing


@pytest.fixture
def keys_db(sqlite_templates: SqliteTemplates, tmp_path: Path) -> Iterator[Database]:
    """A ledger for the partners' keys alone."""
    database = sqlite_templates.open("ledger", tmp_path)
    yield database
    database.close()


@pytest.fixture
def pushing(catalogue_db: Database, keys_db: Database) -> Pushing:
    """The endpoint with an empty catalogue."""
    return Pushing(catalogue_db, keys_db)
