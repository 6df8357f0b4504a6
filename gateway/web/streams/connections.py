"""Who is connected to this process for long: counted, bounded, and told when we stop."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gateway.telemetry import STREAMS
from schema.model.viewer import Viewer

MOST = 10_000  # of this process
MOST_OF_NOBODY = 8_000  # of all without a token: there is always room for those who have one
MOST_OF_ONE = 20  # of one viewer: tabs and devices


class FullError(Exception):
    """There is no room for another connection; the message says whose it would be."""


class Connection:
    """One open connection; `ending` is set when this process stops."""

    def __init__(self, connections: "Connections") -> None:
        self.ending = asyncio.Event()
        self._connections = connections
        self._subjects: list[str | None] = []

    def belongs_to(self, viewer: Viewer) -> None:
        """Count it as one of this viewer's.  Raises `FullError`; is called once."""
        self._connections.count(viewer.subject)
        self._subjects.append(viewer.subject)

    @property
    def subjects(self) -> Sequence[str | None]:
        """For whom it is counted: nobody yet, or one; None is whoever has no token."""
        return self._subjects


class Connections:
    """The open connections of one process.

    Those without a token are bounded in all, not per address: a thousand learners may share one.
    """

    def __init__(
        self,
        most: int = MOST,
        most_of_one: int = MOST_OF_ONE,
        most_of_nobody: int = MOST_OF_NOBODY,
    ) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._most_of_nobody = most_of_nobody
        self._open: set[Connection] = set()
        self._of: Counter[str | None] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def opened(self, transport: str) -> Iterator[Connection]:
        """Hold a place while a connection is open.  Raises `FullError`."""
        if len(self._open) >= self._most:
            raise FullError("this process has too many open connections; try again soon")
        connection = Connection(self)
        self._open.add(connection)
        try:
            with STREAMS.labels(transport=transport).track_inprogress():
                yield connection
        finally:
            self._open.discard(connection)
            for subject in connection.subjects:
                self._uncount(subject)

    def count(self, subject: str | None) -> None:
        """Count one more of a viewer's, or of those without a token.  Raises `FullError`."""
        if subject is None and self._of[None] >= self._most_of_nobody:
            raise FullError("too many connections are open without a token; sign in")
        if subject is not None and self._of[subject] >= self._most_of_one:
            raise FullError(f"you have {self._most_of_one} open connections; close one of them")
        self._of[subject] += 1

    def end(self) -> None:
        """Ask every connection to end: their clients come again, to another process."""
        for connection in self._open:
            connection.ending.set()

    def _uncount(self, subject: str | None) -> None:
        self._of[subject] -= 1
        if not self._of[subject]:
            del self._of[subject]
