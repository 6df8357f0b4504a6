"""Bringing a database to the tables that this version of the code expects.

Both databases share one Alembic environment (`migrations/env.py`); each has its own
line of versions (`migrations/catalogue/`, `migrations/ledger/`) and its own version table.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from gateway.storage.engine import Database

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6D697472  # "mitr": processes that start together migrate one after the other


def upgrade(database: Database) -> None:
    """Run the migrations that `database` lacks, in one transaction; none is no work."""
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            connection.execute(CreateSchema(database.schema, if_not_exists=True))
        config = _config(database.schema)
        config.attributes["connection"] = connection
        config.attributes["version_table_schema"] = version_table_schema(database)
        command.upgrade(config, "head")


def is_current(database: Database) -> bool:
    """Return whether `database` has exactly the tables that this code expects."""
    heads = ScriptDirectory.from_config(_config(database.schema)).get_heads()
    with database.engine.connect() as connection:
        return set(_versions(connection, database)) == set(heads)


def version_table_schema(database: Database) -> str | None:
    """Return the schema that holds the version table; SQLite's file has none."""
    return None if database.is_sqlite else database.schema


def _versions(connection: Connection, database: Database) -> tuple[str, ...]:
    options = {"version_table_schema": version_table_schema(database)}
    return MigrationContext.configure(connection, opts=options).get_current_heads()


def _config(schema: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(MIGRATIONS / schema))
    return config
