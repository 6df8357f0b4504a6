"""Seats of sessions: those that are ours to give, and those that only their partner knows.

A session with a row in `quota` is ours: its counter is moved in the transaction that changes
an enrolment, and only while there is room, so that it cannot be oversold.  Of any other
session we know what the partner said last, and count what it cannot have counted yet.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    func,
    literal,
    or_,
    select,
    update,
)

from gateway.storage.ledger_tables import enrolment
from gateway.storage.sets import is_one_of
from gateway.storage.settling_tables import quota
from gateway.storage.upsert import insert_into
from schema.model.catalogue import Session
from schema.model.enrolment import SEATED, EnrolmentStatus
from schema.model.values import SessionId

SeatsTold = tuple[SessionId, datetime]  # a session, and when its partner told of its seats


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

    @property
    def is_contested(self) -> bool:
        """Whether those who come now may have to share what is left: seats or waiting places."""
        return self.has_room or self.waiting_places > 0


@cache
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
    return _read_quotas(connection, [session_id], for_update=for_update).get(session_id)


def _read_quotas(
    connection: Connection, ids: Collection[SessionId], *, for_update: bool = False
) -> dict[SessionId, Quota]:
    """Return the seats of sessions that are ours to give, locked in one order by everybody."""
    if not ids:
        return {}
    question = (
        select(quota)
        .where(is_one_of(connection, quota.c.session_id, ids))
        .order_by(quota.c.session_id)
    )
    rows = connection.execute(question.with_for_update() if for_update else question)
    return {
        SessionId(row.session_id): Quota(
            SessionId(row.session_id), row.capacity, row.taken, row.waiting_places
        )
        for row in rows
    }


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

    def with_one_more(self) -> "Room":
        """Return the room after one more came: seated, or waiting if it is full."""
        if self.quota is None:
            return self
        if self.is_full:
            return replace(self, waiting=self.waiting + 1)
        return replace(self, quota=replace(self.quota, taken=self.quota.taken + 1))

    @property
    def can_wait(self) -> bool:
        """Whether the waiting list takes one more."""
        return self.quota is not None and self.waiting < self.quota.waiting_places


def read_rooms(connection: Connection, ids: Collection[SessionId]) -> dict[SessionId, Room]:
    """Return what room there is in sessions whose seats are ours."""
    return {
        session_id: Room(
            quota, count_waiting(connection, session_id) if quota.waiting_places else 0
        )
        for session_id, quota in _read_quotas(connection, ids).items()
    }


def read_left(connection: Connection, session: Session, fetched_at: datetime) -> int | None:
    """Return how many seats of a session are left for who comes now; None for no known end."""
    if (room := read_rooms(connection, [session.id]).get(session.id)) is not None:
        return 0 if room.is_full or not room.quota else room.quota.capacity - room.quota.taken
    if session.unlimited or session.seats_left is None:
        return None
    told = session.id, fetched_at
    taken = count_seats_taken(connection, [told]).get(told, 0)
    return max(0, session.seats_left - taken)


def keep_still(connection: Connection, ids: Collection[SessionId]) -> None:
    """Let nobody take or free a seat of sessions until the commit, while there is one to take.

    Those who come too late do not wait for each other, unless they may get on a waiting list.
    """
    if not ids or connection.dialect.name == "sqlite":  # it has one writer anyway
        return
    quotas = _read_quotas(connection, ids)
    lock_sessions(connection, [session_id for session_id in ids if session_id not in quotas])
    contested = [each.session_id for each in quotas.values() if each.is_contested]
    _read_quotas(connection, contested, for_update=True)


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
    if not _take(connection, session_id, 1) and read_quota(connection, session_id) is not None:
        raise NoPlaceError(session_id)


def claim_all(connection: Connection, seats: Mapping[SessionId, int]) -> None:
    """Take so many seats of sessions that are ours.  Raises `NoPlaceError` if too few are left."""
    for session_id, number in sorted(seats.items()):
        if not _take(connection, session_id, number):
            raise NoPlaceError(session_id)


def _take(connection: Connection, session_id: SessionId, number: int) -> bool:
    taken = connection.execute(
        update(quota)
        .where(quota.c.session_id == session_id, quota.c.taken + number <= quota.c.capacity)
        .values(taken=quota.c.taken + number)
    )
    return taken.rowcount > 0


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
    lock_sessions(connection, [session_id])


def lock_sessions(connection: Connection, ids: Collection[SessionId]) -> None:
    """Keep the counts of sessions' seats still until the commit, locked in one order."""
    if ids and connection.dialect.name == "postgresql":
        numbers = sorted(_to_lock(session_id) for session_id in ids)
        each = func.unnest(literal(numbers, ARRAY(BigInteger))).column_valued("number")
        connection.execute(select(func.pg_advisory_xact_lock(each)))


def _to_lock(session_id: SessionId) -> int:
    digest = hashlib.sha256(session_id.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def count_seats_taken(connection: Connection, told: Collection[SeatsTold]) -> dict[SeatsTold, int]:
    """Count places of sessions that their partners had not counted when they told of seats."""
    counted: dict[SeatsTold, int] = {}
    for moment in {each[1] for each in told}:  # one per partner, and per second of quotes
        ids = [session_id for session_id, when in told if when == moment]
        settled = enrolment.c.settled_at
        taken = (
            select(enrolment.c.session_id, func.count())
            .where(
                is_one_of(connection, enrolment.c.session_id, ids),
                takes_place(),
                or_(settled.is_(None), settled >= moment),
            )
            .group_by(enrolment.c.session_id)
        )
        counted |= {(SessionId(row[0]), moment): row[1] for row in connection.execute(taken)}
    return counted
