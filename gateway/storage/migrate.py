"""Bringing a database to the tables that this version of the code expects.

Both databases share one Alembic environment (`migrations/env.py`); each has its own
line of versions (`migrations/catalogue/`, `migrations/ledger/`) and its own version table.

Alembic is imported where there is something to migrate: most processes start with nothing to do.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, column, inspect, select, table, text
from sqlalchemy.schema import CreateSchema

from gateway.storage.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6D697472  # "mitr": processes that start together migrate one after the other
_VERSIONS = "alembic_version"


def upgrade(database: Database) -> None:
    """Run the migrations that `database` lacks, in one transaction; none is no work."""
    if is_current(database):
        return
    from alembic import command  # noqa: PLC0415 - see above

    with database.engine.begin() as connection:
        if not database.is_sqlite:
            _take_the_time_it_takes(connection)
            connection.execute(CreateSchema(database.schema, if_not_exists=True))
        config = _config(database.schema)
        config.attributes["connection"] = connection
        config.attributes["version_table_schema"] = version_table_schema(database)
        command.upgrade(config, "head")


def _take_the_time_it_takes(connection: Connection) -> None:
    """Let nothing time out but the wait for a table, behind which all who want it would queue.

    An index of a large table takes minutes, and so does waiting for who is migrating already.
    """
    for setting in ("statement_timeout", "lock_timeout"):
        connection.execute(text(f"SET LOCAL {setting} = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def is_current(database: Database) -> bool:
    """Return whether `database` has exactly the tables that this code expects."""
    with database.engine.connect() as connection:
        return _versions(connection, database) == {_newest(database.schema)}


def version_table_schema(database: Database) -> str | None:
    """Return the schema that holds the version table; SQLite's file has none."""
    return None if database.is_sqlite else database.schema


def _newest(schema: str) -> str:
    """Return the last version of a line: files are named by their numbers, one after the other."""
    file = max((MIGRATIONS / schema).glob("[0-9]*.py"))
    return f"{schema}_{file.name.partition('_')[0]}"


def _versions(connection: Connection, database: Database) -> set[str]:
    schema = version_table_schema(database)
    if not inspect(connection).has_table(_VERSIONS, schema=schema):
        return set()
    versions = table(_VERSIONS, column("version_num"), schema=schema)
    return set(connection.execute(select(versions.c.version_num)).scalars())


def _config(schema: str) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(MIGRATIONS / schema))
    return config
