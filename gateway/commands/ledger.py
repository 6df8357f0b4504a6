"""What commands about the ledger share: opening it, and going through a long file."""

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress

from gateway.clock import utc_now
from gateway.enrolment.intake.desk import LearnerRegister
from gateway.enrolment.intake.files import read_rows
from gateway.keyrings import build_keyrings
from gateway.settings import Settings
from gateway.storage.engine import Database, database_url
from gateway.storage.migrate import upgrade
from schema.model.learners import MOST_ROWS, RawRow, RejectedRow
from schema.model.operating import LONGEST_REASON
from schema.operators.actors import checked_reason

T = TypeVar("T")

Reason = Annotated[str | None, typer.Option(help="Why, for the audit trail.")]
SHOWN = 20  # rejected rows on the terminal; a file takes all


@contextmanager
def opened_ledger(settings: Settings) -> Iterator[Database]:
    """Give the ledger, migrated, and close it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(database_url(settings.database_url, settings.data_dir, "ledger"), "ledger")
    try:
        upgrade(database)
        yield database
    finally:
        database.close()


def ask_register(ask: Callable[[LearnerRegister], Awaitable[T]]) -> T:
    """Return what `ask` finds of a learners' desk that is opened for it."""
    settings = Settings()
    keyrings = build_keyrings(settings)

    async def run(database: Database) -> T:
        return await ask(LearnerRegister(database, keyrings, utc_now))

    with opened_ledger(settings) as database:
        return asyncio.run(run(database))


def to_reason(text: str | None) -> str | None:
    """Return why somebody does something, as it is kept.  Raises `BadParameter`."""
    return None if text is None else needed_reason(text)


def needed_reason(text: str) -> str:
    """Return a reason that must be told, as it is kept.  Raises `BadParameter`."""
    said = checked_reason(text)
    if said is None:
        raise typer.BadParameter(f"a reason is 1 to {LONGEST_REASON} printable characters")
    return said


def to_actor(by: str | None) -> str:
    """Return who is recorded as doing it: your login, if nobody else is named."""
    return by or getpass.getuser()


class Rejects:
    """Rows that were left out: written to a file as they come, or the first of them shown."""

    def __init__(self, file: Path | None) -> None:
        self._file = None if file is None else file.open("w", encoding="utf-8")
        self.count = 0
        if self._file:
            self._file.write("row,reason\n")

    def add_all(self, rejected: Iterable[RejectedRow]) -> None:
        """Take some more."""
        for each in rejected:
            self.add(each)

    def add(self, rejected: RejectedRow) -> None:
        """Take one more; its reason holds nothing of the row."""
        self.count += 1
        if self._file:
            reason = rejected.reason.replace('"', '""')
            self._file.write(f'{rejected.number},"{reason}"\n')
        elif self.count <= SHOWN:
            typer.echo(f"row {rejected.number}\t{rejected.reason}", err=True)

    def close(self) -> None:
        """Say what was not shown."""
        if self._file:
            self._file.close()
        elif self.count > SHOWN:
            typer.echo(f"and {self.count - SHOWN:,} more; --rejects FILE lists all", err=True)


async def read_in_chunks(
    path: Path, needed: Sequence[str], optional: Sequence[str], rejects: Rejects
) -> AsyncIterator[list[RawRow]]:
    """Give a file's rows some at a time; people see how far it has been read."""
    console = Console(stderr=True, highlight=False)
    with path.open("rb") as file, Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(path.name, total=os.fstat(file.fileno()).st_size)
        lines = read_rows(file, needed, optional)
        while chunk := list(islice(lines, MOST_ROWS)):
            for each in chunk:
                if isinstance(each, RejectedRow):
                    rejects.add(each)
            yield [each for each in chunk if isinstance(each, RawRow)]
            bar.update(task, completed=file.tell())
