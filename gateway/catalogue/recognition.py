"""Recognising everything that is stored anew: once for each change of the rules, or by hand.

The same catalogue comes of it as if all lists were read for the first time, but what operators
have decided stands, and so do blocks.  It goes on where it was stopped: institutions first, all
at once, then the courses of a few institutions at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b
from importlib.resources import files

import structlog
from sqlalchemy import Connection, insert, select, update

from gateway.catalogue import identity
from gateway.catalogue.linking import lock_names
from gateway.catalogue.relinking import regroup, tell
from gateway.storage.catalogue_tables import institution, recognition
from gateway.storage.engine import Database
from gateway.storage.leases import Leases

AT_ONCE = 100  # institutions whose courses are recognised in one transaction
_LEASE = "recognition"

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recognised:
    """What came of recognising anew: how many institutions were looked at, and courses changed."""

    institutions: int = 0
    courses: int = 0

    def __add__(self, other: "Recognised") -> "Recognised":
        """Return both together."""
        return Recognised(self.institutions + other.institutions, self.courses + other.courses)


@cache
def rules_digest() -> str:
    """Return what stands for the rules by which names are recognised: the files of `identity`."""
    found = blake2b(digest_size=16)
    for each in sorted(files(identity).iterdir(), key=lambda file: file.name):
        if each.name.endswith((".py", ".toml")):
            found.update(each.name.encode() + b"\0" + each.read_bytes())
    return found.hexdigest()


class Recognition:
    """Brings what is stored up to the rules; `notify` is called when something has changed."""

    def __init__(
        self,
        database: Database,
        leases: Leases,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._leases = leases
        self._now = now
        self._notify = notify

    async def keep_up(self) -> Recognised | None:
        """Recognise all that other rules have recognised; None: nothing, or another process is."""
        if await self._database.read(_is_done):
            return None
        return await self._run(from_the_start=False)

    async def is_under_way(self) -> bool:
        """Return whether it is begun by our rules, and not done: who did it may have died."""
        return await self._database.read(_is_under_way)

    async def anew(self) -> Recognised | None:
        """Recognise all that is stored, whatever was done; None: another process is at it."""
        return await self._run(from_the_start=True)

    async def _run(self, *, from_the_start: bool) -> Recognised | None:
        async with self._leases.held(_LEASE) as is_ours:
            if not is_ours:
                return None
            now = self._now()
            total = await self._database.write(
                lambda connection: _begin(connection, now, from_the_start=from_the_start)
            )
            while (step := await self._step()) is not None:
                total += step
                logger.info("catalogue.recognising", **_told(total))
        self._notify()
        logger.info("catalogue.recognised_anew", **_told(total))
        return total

    async def _step(self) -> Recognised | None:
        now = self._now()
        return await self._database.write_much(lambda connection: _step(connection, now))


def _is_done(connection: Connection) -> bool:
    row = connection.execute(select(recognition)).one_or_none()
    return row is not None and row.rules == rules_digest() and row.after is None


def _is_under_way(connection: Connection) -> bool:
    row = connection.execute(select(recognition)).one_or_none()
    return row is not None and row.rules == rules_digest() and row.after is not None


def _begin(connection: Connection, now: datetime, *, from_the_start: bool) -> Recognised:
    """Begin at the beginning, unless these rules were at it when they were stopped."""
    if _is_under_way(connection) and not from_the_start:
        return Recognised()
    row = connection.execute(select(recognition)).one_or_none()
    lock_names(connection)
    changed = regroup(connection, (), now, institutions=True)
    tell(connection, changed)
    change = update(recognition) if row is not None else insert(recognition).values(id=1)
    connection.execute(change.values(rules=rules_digest(), after=""))
    return Recognised(courses=len(changed))


def _step(connection: Connection, now: datetime) -> Recognised | None:
    """Recognise the courses of the next institutions; None at the end."""
    lock_names(connection)
    after = connection.execute(select(recognition.c.after)).scalar_one()
    following = select(institution.c.id).where(institution.c.id > after)
    ids = connection.execute(following.order_by(institution.c.id).limit(AT_ONCE)).scalars().all()
    connection.execute(update(recognition).values(after=ids[-1] if ids else None))
    if not ids:
        return None
    changed = regroup(connection, ids, now, institutions=False)
    tell(connection, changed)
    return Recognised(len(ids), len(changed))


def _told(total: Recognised) -> dict[str, int]:
    return {"institutions": total.institutions, "courses": total.courses}
