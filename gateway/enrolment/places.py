"""Seats of sessions: those that are ours to give, and those that only their partner knows.

A session with a row in `quota` is ours: its counter is moved in the transaction that changes
an enrolment, and only while there is room, so that it cannot be oversold.  Of any other
session we know what the partner said last, and count what it cannot have counted yet.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from gateway.storage.ledger_tables import enrolment
from gateway.storage.settling_tables import quota
from gateway.storage.upsert import insert_into
from schema.model.enrolment import SEATED, EnrolmentStatus
from schema.model.values import SessionId


class NoPlaceError(RuntimeError):
    """A seat of ours was to be taken where none is left."""


class QuotaError(ValueError):
    """Seats cannot be set so; the message says how they can."""


@dataclass(frozen=True, slots=True)
class Quota:
    """The seats of one session that we give: how many, taken, and how many may wait for one."""

    session_id: SessionId
    capacity: int
    taken: int
    waiting_places: int

    @property
    def has_room(self) -> bool:
        """Whether a seat is left."""
        return self.taken < self.capacity


def takes_place() -> ColumnElement[bool]:
    """Return the condition for an enrolment that takes a seat."""
    return enrolment.c.status.in_(sorted(SEATED))


def is_waiting(session_id: SessionId) -> ColumnElement[bool]:
    """Return the condition for one that waits for a seat of ours: no partner knows of it."""
    return (
        (enrolment.c.session_id == session_id)
        & (enrolment.c.status == EnrolmentStatus.WAITLISTED)
        & enrolment.c.sent_at.is_(None)
    )


def read_quota(
    connection: Connection, session_id: SessionId, *, for_update: bool = False
) -> Quota | None:
    """Return a session's seats if they are ours to give."""
    question = select(quota).where(quota.c.session_id == session_id)
    row = connection.execute(question.with_for_update() if for_update else question).first()
    return None if row is None else Quota(session_id, row.capacity, row.taken, row.waiting_places)


@dataclass(frozen=True, slots=True)
class Room:
    """Whether one more gets into a session: with a seat, to the waiting list, or not at all.

    Without a `quota` the seats are not ours.
    """

    quota: Quota | None = None
    waiting: int = 0

    @property
    def is_full(self) -> bool:
        """Whether no seat is left for who comes now; who waits comes first."""
        return self.quota is not None and (self.waiting > 0 or not self.quota.has_room)

    @property
    def can_wait(self) -> bool:
        """Whether the waiting list takes one more."""
        return self.quota is not None and self.waiting < self.quota.waiting_places


def read_room(connection: Connection, session_id: SessionId | None) -> Room:
    """Return what room there is."""
    quota = None if session_id is None else read_quota(connection, session_id)
    if session_id is None or quota is None:
        return Room()
    waiting = count_waiting(connection, session_id) if quota.waiting_places else 0
    return Room(quota, waiting)


def keep_still(connection: Connection, session_id: SessionId) -> None:
    """Let nobody take or free a seat of a session until the commit, while there is one to take.

    Those who come too late do not wait for each other.
    """
    quota = read_quota(connection, session_id)
    if quota is None:
        lock_session(connection, session_id)
    elif quota.has_room:
        read_quota(connection, session_id, for_update=True)


def set_quota(
    connection: Connection, session_id: SessionId, capacity: int, waiting_places: int
) -> Quota:
    """Take a session's seats into our own hands, or change how many there are.

    Raises `QuotaError` for fewer seats than are taken.
    """
    if capacity < 0 or waiting_places < 0:
        raise QuotaError("seats and waiting places are 0 or more")
    lock_session(connection, session_id)
    mine = (enrolment.c.session_id == session_id, takes_place())
    standing = read_quota(connection, session_id, for_update=True)
    taken = (
        connection.execute(select(func.count()).select_from(enrolment).where(*mine)).scalar_one()
        if standing is None
        else standing.taken
    )
    if capacity < taken:
        raise QuotaError(f"{taken} seats are taken; set at least as many")
    values = {"capacity": capacity, "waiting_places": waiting_places}
    connection.execute(
        insert_into(connection, quota)
        .values(session_id=session_id, taken=taken, **values)
        .on_conflict_do_update(index_elements=["session_id"], set_=values)
    )
    return Quota(session_id, capacity, taken, waiting_places)


def claim(connection: Connection, session_id: SessionId | None) -> None:
    """Take a seat, if it is ours to give.  Raises `NoPlaceError` when none is left."""
    if session_id is None:
        return
    taken = connection.execute(
        update(quota)
        .where(quota.c.session_id == session_id, quota.c.taken < quota.c.capacity)
        .values(taken=quota.c.taken + 1)
    )
    if not taken.rowcount and read_quota(connection, session_id) is not None:
        raise NoPlaceError(session_id)


def follow(
    connection: Connection,
    session_id: SessionId | None,
    before: EnrolmentStatus,
    after: EnrolmentStatus,
) -> None:
    """Take or free a seat as an enrolment's change of status demands.  Raises `NoPlaceError`."""
    if session_id is None or (before in SEATED) == (after in SEATED):
        return
    if after in SEATED:
        claim(connection, session_id)
        return
    connection.execute(
        update(quota).where(quota.c.session_id == session_id).values(taken=quota.c.taken - 1)
    )


def count_waiting(connection: Connection, session_id: SessionId) -> int:
    """Return how many wait for a seat of ours."""
    question = select(func.count()).select_from(enrolment).where(is_waiting(session_id))
    return connection.execute(question).scalar_one()


def lock_session(connection: Connection, session_id: SessionId) -> None:
    """Keep the count of a session's seats still until the commit."""
    if connection.dialect.name == "postgresql":
        digest = hashlib.sha256(session_id.encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def count_seats_taken(
    connection: Connection, session_id: SessionId, counted_until: datetime
) -> int:
    """Count places of a session that its partner had not counted before `counted_until`."""
    settled = enrolment.c.settled_at
    taken = select(func.count()).where(
        enrolment.c.session_id == session_id,
        takes_place(),
        or_(settled.is_(None), settled >= counted_until),
    )
    return connection.execute(taken).scalar_one()
