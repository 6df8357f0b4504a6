"""What was made of records that never change, for whoever asks for the same of them again.

A type whose records are unchanging says so (`is_type_of.is_unchanging`).  What an operation reads
of such a record itself is made once and kept beside it; what needs a context, an argument or the
clock is made anew each time.  All tables together hold a bounded number of objects: when they
are full they are emptied, as records of older revisions are among them.
"""

from typing import Any
from weakref import WeakSet

MOST_KEPT = 8_192  # objects in a process; each takes 1 kB or two


class Table(dict[int, tuple[dict[str, Any], object]]):
    """What was made in one place of one operation, by the record's `id`, with the record."""

    __slots__ = ("__weakref__",)
    __hash__ = object.__hash__  # type: ignore[assignment]  # each is itself


class Kept:
    """The tables of all operations of one compiler."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._size = 0
        self._tables: WeakSet[Table] = WeakSet()

    def table(self) -> Table:
        """Return a new table."""
        made = Table()
        self._tables.add(made)
        return made

    def keep(
        self, table: Table, record: object, made: dict[str, Any]
    ) -> tuple[dict[str, Any], object]:
        """Keep what was made of a record; nobody may change it."""
        if self._size >= self._most:
            self._size = 0
            for each in self._tables:
                each.clear()
        self._size += 1
        kept = table[id(record)] = made, record  # which keeps the id from being another's
        return kept
