"""Databases for drills: one that is prepared once, and copies of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from tests.drills.station import Site
from tests.servers import running_postgres

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ENGINES = (SQLITE, POSTGRESQL)


@contextmanager
def opened(engine: str) -> Iterator["Ground"]:
    """Give a place for databases of one engine; PostgreSQL is a server of our own."""
    with TemporaryDirectory(prefix="mitra-drill-") as folder:
        if engine == SQLITE:
            yield Ground(Path(folder))
            return
        with running_postgres() as server:
            yield Ground(Path(folder), server)


class Ground:
    """Where the sites of one drill lie: folders, and with `server` databases of theirs."""

    def __init__(self, folder: Path, server: str | None = None) -> None:
        self._folder = folder
        self._server = server
        self.first = self._site("first")
        if server is not None:
            self._admin("CREATE DATABASE first")

    def copy(self, name: str) -> Site:
        """Return a copy of the first site, whose databases nobody may have open."""
        site = self._site(name)
        shutil.copytree(self.first.data_dir, site.data_dir, dirs_exist_ok=True)
        if self._server is not None:
            self._admin(f"CREATE DATABASE {name} TEMPLATE first")
        return site

    def _site(self, name: str) -> Site:
        folder = self._folder / name
        folder.mkdir()
        return Site(folder, f"{self._server}/{name}" if self._server else None)

    def _admin(self, statement: str) -> None:
        with psycopg.connect(f"{self._server}/postgres", autocommit=True) as admin:
            admin.execute(statement)  # type: ignore[arg-type]  # its parts are ours
