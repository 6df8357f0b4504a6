"""Empty, migrated databases: each kind is migrated once per test process, then copied."""

import shutil
from itertools import count
from pathlib import Path

import psycopg

from gateway.storage.engine import Database, database_url
from gateway.storage.migrate import upgrade


def migrated(configured: str | None, folder: Path, schema: str) -> Database:
    """Open a database after all its migrations have run."""
    database = Database(database_url(configured, folder, schema), schema)
    upgrade(database)
    return database


class SqliteTemplates:
    """SQLite files to copy; `folder` is theirs alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    def open(self, schema: str, folder: Path | None = None) -> Database:
        """Open an empty database in `folder`, by default in a new one."""
        if folder is None:
            folder = self._folder / str(next(self._numbers))
            folder.mkdir()
        shutil.copy(self._template(schema), folder)
        return Database(database_url(None, folder, schema), schema)

    def _template(self, schema: str) -> Path:
        file = self._folder / f"{schema}.sqlite3"
        if not file.exists():
            migrated(None, self._folder, schema).close()
        return file


class PostgresTemplates:
    """Databases of one server to copy, each with the tables of one schema; close it at the end."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._admin = psycopg.connect(f"{server}/postgres", autocommit=True)
        self._numbers = count(1)
        self._migrated: set[str] = set()

    def create(self, schema: str | None = None) -> str:
        """Create a database, empty but for the tables of `schema`; return its URL."""
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._template(schema)}")
        return f"{self._server}/{name}"

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected."""
        self._run(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def close(self) -> None:
        """Let the server go."""
        self._admin.close()

    def _template(self, schema: str | None) -> str:
        if schema is None:
            return "template1"
        name = f"migrated_{schema}"
        if schema not in self._migrated:
            self._run(f"CREATE DATABASE {name}")
            migrated(f"{self._server}/{name}", Path(), schema).close()
            self._migrated.add(schema)
        return name

    def _run(self, statement: str) -> None:
        self._admin.execute(statement)
