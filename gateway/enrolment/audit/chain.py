"""What the chain is made of: sources of rows, their canonical form, and the link.  Pure.

A row's link is SHA-256 over the link before it, its number and its content; so a row that is
changed, moved, added between or taken away breaks the chain at its place.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Table

from gateway.storage.audit_tables import audit_record
from gateway.storage.ledger_tables import enrolment_event, entry


@dataclass(frozen=True, slots=True)
class Source:
    """A table of audited rows: what names one of them, and what is sealed of it."""

    name: str
    table: Table
    key: tuple[str, ...]
    content: tuple[str, ...]

    def place(self, row: Row[Any]) -> str:
        """Return how a row is named to people."""
        return f"{self.name} " + "/".join(str(getattr(row, column)) for column in self.key)

    def canonical(self, row: Row[Any]) -> bytes:
        """Return the one form of a row's content, the same on every engine."""
        values = [_plain(getattr(row, column)) for column in self.content]
        return json.dumps([self.name, *values], ensure_ascii=False, separators=(",", ":")).encode()


SOURCES = (
    Source(
        "event",
        enrolment_event,
        ("enrolment_id", "number"),
        ("enrolment_id", "number", "at", "before", "after", "actor", "cause"),
    ),
    Source(
        "entry",
        entry,
        ("movement", "account"),
        ("movement", "account", "kind", "learner_id", "enrolment_id", "amount", "at"),
    ),
    Source("record", audit_record, ("id",), ("id", "at", "by", "act", "target", "details")),
)


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain reaches: the number of its last row, and that row's link."""

    number: int
    hash: bytes

    def __str__(self) -> str:
        """Return it as it is kept elsewhere."""
        return f"{self.number}:{self.hash.hex()}"

    def then(self, content: bytes) -> "Head":
        """Return the head after one more row."""
        number = self.number + 1
        digest = hashlib.sha256(self.hash + number.to_bytes(8, "big") + content).digest()
        return Head(number, digest)


BEGINNING = Head(0, bytes(32))


def to_head(text: str) -> Head:
    """Return the head that `mitra audit head` printed.  Raises `ValueError`."""
    number, _, digest = text.strip().partition(":")
    if not number.isdecimal() or len(digest) != 2 * len(BEGINNING.hash):
        raise ValueError("a head looks like 1234:9f86d0…, as `mitra audit head` prints it")
    return Head(int(number), bytes.fromhex(digest))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
