"""National ids, kept as keyed digests alone: enough to notice that somebody comes twice.

A number of sixteen digits with a known structure is guessed in no time from a bare or salted
hash; without the key, a keyed digest says nothing.  The number itself is never stored, so a
digest is renewed under a newer version when its learner is imported again; until then both
versions are read.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from gateway.enrolment.privacy.keyring import Keyring
from gateway.storage.learner_tables import national_id
from schema.model.values import LearnerId

_LOCK = 0x6E696B  # "nik": of PostgreSQL's advisory locks; SQLite has one writer anyway


@dataclass(frozen=True, slots=True)
class Mark:
    """What is stored of a national id: a digest under one version of the key."""

    version: int
    digest: bytes


Owners = dict[Mark, LearnerId]


def to_marks(keyring: Keyring, number: str) -> tuple[Mark, ...]:
    """Return a number's marks under every version, that of the current one first."""
    said = b"mitra national id " + number.encode()
    newest_first = sorted(keyring.keys, reverse=True)
    return tuple(
        Mark(version, hmac.new(keyring.keys[version], said, hashlib.sha256).digest())
        for version in newest_first
    )


def lock_marks(connection: Connection) -> None:
    """Let nobody else mark until the commit, so that of two who come at once one is first."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def read_owners(connection: Connection, marks: Iterable[Mark]) -> Owners:
    """Return whose marks these are, as far as they are anybody's."""
    digests = [mark.digest for mark in marks]
    rows = connection.execute(select(national_id).where(national_id.c.digest.in_(digests)))
    return {Mark(row.key_version, row.digest): LearnerId(row.learner_id) for row in rows}


def write_marks(connection: Connection, marks: Mapping[LearnerId, Mark]) -> None:
    """Make each mark its learner's only one."""
    if not marks:
        return
    forget_marks(connection, marks)
    rows = [
        {"key_version": mark.version, "digest": mark.digest, "learner_id": learner}
        for learner, mark in marks.items()
    ]
    connection.execute(insert(national_id), rows)


def forget_marks(connection: Connection, learners: Iterable[LearnerId]) -> None:
    """Forget learners' marks: their numbers are free again."""
    connection.execute(delete(national_id).where(national_id.c.learner_id.in_(list(learners))))
