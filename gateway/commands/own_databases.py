"""Databases for one command alone: files, or a server of its own, gone when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import typer

from gateway.bench.servers import running_postgres


@contextmanager
def own_databases(engine: str) -> Iterator[tuple[Path, str | None]]:
    """Give a folder for SQLite's files and, on PostgreSQL, the URL of an empty database."""
    if engine not in {"sqlite", "postgresql"}:
        raise typer.BadParameter(f"{engine!r} is neither sqlite nor postgresql")
    with TemporaryDirectory(prefix="mitra-own-") as folder:
        if engine == "sqlite":
            yield Path(folder), None
            return
        with running_postgres() as server:
            with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
                admin.execute("CREATE DATABASE own")
            yield Path(folder), f"{server}/own"
