"""The migrations build what the code declares, however often they run."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, create_engine
from sqlalchemy.pool import StaticPool

import gateway.storage.audit_tables  # its tables are the ledger's
import gateway.storage.daily_tables
import gateway.storage.decision_tables  # the catalogue's
import gateway.storage.identity_tables
import gateway.storage.learner_tables
import gateway.storage.parked_tables
import gateway.storage.partner_api_tables
import gateway.storage.push_tables  # the catalogue's
import gateway.storage.settling_tables
import gateway.storage.sync_tables  # the catalogue's
import gateway.storage.webhook_tables  # noqa: F401 - the ledger's
from gateway.storage.catalogue_tables import CATALOGUE
from gateway.storage.engine import Database, database_url
from gateway.storage.migrate import is_current, upgrade
from gateway.storage.reconcile_tables import LEDGER  # with all its tables


def differences(database: Database, declared: MetaData) -> list[object]:
    """Return what a migrated database has otherwise than the code declares."""
    url = "sqlite://" if database.is_sqlite else database.engine.url
    engine = create_engine(url, poolclass=StaticPool)
    with engine.connect() as connection:
        if database.is_sqlite:  # give the file the name that the tables have
            file = database.engine.url.database
            connection.exec_driver_sql(f"ATTACH DATABASE '{file}' AS {database.schema}")
        options = {
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == database.schema,
            "include_object": lambda _, name, *__: name != "alembic_version",
        }
        found = compare_metadata(MigrationContext.configure(connection, opts=options), declared)
    engine.dispose()
    return list(found)


def test_a_migrated_catalogue_is_current(catalogue_db: Database):
    assert is_current(catalogue_db)


def test_a_migrated_ledger_is_current(ledger_db: Database):
    assert is_current(ledger_db)


def test_migrating_again_changes_nothing(catalogue_db: Database):
    upgrade(catalogue_db)

    assert is_current(catalogue_db)


def test_the_catalogue_is_as_its_tables_say(catalogue_db: Database):
    assert differences(catalogue_db, CATALOGUE) == []


def test_the_ledger_is_as_its_tables_say(ledger_db: Database):
    assert differences(ledger_db, LEDGER) == []


def test_a_migration_of_a_large_table_may_take_its_time(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Only what others would queue behind is given up: the wait for a table."""
    database = Database(database_url(postgres_url, tmp_path, "catalogue"), "catalogue")
    told: list[object] = []

    def look(config: Config, _: str) -> None:
        for setting in ("statement_timeout", "lock_timeout"):
            shown = config.attributes["connection"].exec_driver_sql(f"SHOW {setting}")
            told.append(shown.scalar_one())

    monkeypatch.setattr(command, "upgrade", look)

    upgrade(database)

    database.close()
    assert told == ["0", "5s"]
