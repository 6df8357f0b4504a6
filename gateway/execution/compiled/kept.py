"""What was made of records that never change, for whoever asks for the same of them again.

A type whose records are unchanging says so (`is_type_of.is_unchanging`).  What an operation reads
of such a record itself is made once and kept beside it; what needs a context, an argument or the
clock is made anew each time.  Of a record of which all that is asked is unchanging, the finished
JSON is kept, if answers are to be encoded anyway: a list of such is one join.  All tables
together hold a bounded number of bytes: when they are full they are emptied, as records of older
revisions are among them.
"""

from collections.abc import Iterable
from typing import Any
from weakref import WeakSet

import orjson

KEPT_BYTES = 12 * 2**20  # in a process, roughly
_OBJECT_BYTES = 1_500  # that an object of Python takes, with what it refers to
_ENTRY_BYTES = 250  # that anything kept takes beside itself


class Table(dict[int, Any]):
    """What was made in one place of one operation, by the record's `id`.

    It holds the records, too, which keeps their ids from being others'.
    """

    __slots__ = ("__weakref__", "records")
    __hash__ = object.__hash__  # type: ignore[assignment]  # each is itself

    def __init__(self) -> None:
        super().__init__()
        self.records: list[object] = []

    def clear(self) -> None:
        """Let go of all."""
        super().clear()
        self.records.clear()


class Kept:
    """The tables of all operations of one compiler.

    With `encodes` what is kept may be JSON, as all answers are encoded with orjson.
    """

    def __init__(self, most: int = KEPT_BYTES, *, encodes: bool = False) -> None:
        self.encodes = encodes
        self._most = most
        self._size = 0
        self._tables: WeakSet[Table] = WeakSet()

    def table(self) -> Table:
        """Return a new table."""
        made = Table()
        self._tables.add(made)
        return made

    def keep(self, table: Table, record: object, made: dict[str, Any]) -> dict[str, Any]:
        """Keep what was made of a record; nobody may change it."""
        self._keep(table, record, made, _OBJECT_BYTES)
        return made

    def encode(self, table: Table, record: object, made: dict[str, Any]) -> bytes | None:
        """Keep what was made of a record as JSON; None if it is none (half a character)."""
        try:
            encoded = orjson.dumps(made)
        except orjson.JSONEncodeError:
            return None
        self._keep(table, record, encoded, len(encoded))
        return encoded

    def _keep(self, table: Table, record: object, made: Any, size: int) -> None:
        self._size += size + _ENTRY_BYTES
        if self._size > self._most:
            self._size = size + _ENTRY_BYTES
            for each in self._tables:
                each.clear()
        table[id(record)] = made
        table.records.append(record)


def listed(items: Iterable[bytes]) -> orjson.Fragment:
    """Return a list of what is JSON already, which is copied once."""
    parts = [*items]
    if not parts:
        return orjson.Fragment(b"[]")
    parts[0] = b"[" + parts[0]
    parts[-1] += b"]"
    return orjson.Fragment(b",".join(parts))
