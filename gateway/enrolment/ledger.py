"""Enrolments in the tables of the ledger: functions of a connection whose caller commits."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from adapters.base import Booking
from gateway.enrolment.facts import Participant, PastEnrolment
from gateway.enrolment.goods import Goods
from gateway.enrolment.money import Movement, post
from gateway.storage.ledger_tables import enrolment, enrolment_event, learner
from gateway.telemetry import ENROLMENTS
from schema.model.enrolment import (
    LIVE,
    Actor,
    Enrolment,
    EnrolmentEvent,
    EnrolmentStatus,
    check_transition,
)
from schema.model.values import (
    CourseId,
    EnrolmentId,
    LearnerId,
    Money,
    OfferingId,
    PartnerCode,
    Reference,
    RemoteId,
    SessionId,
)


class StaleEnrolmentError(RuntimeError):
    """The enrolment was changed by someone else since it was read."""


@dataclass(frozen=True, slots=True)
class Filed:
    """An enrolment as filed: the record, its version, and what its partner calls the goods."""

    enrolment: Enrolment
    version: int
    offering_key: RemoteId
    session_key: RemoteId | None
    goods: Goods | None = None  # told when filing; not read back

    @property
    def booking(self) -> Booking:
        """What the partner is asked to book."""
        return Booking(
            reference=self.enrolment.reference,
            offering=self.offering_key,
            session=self.session_key,
            learner=self.enrolment.learner,
            price=self.enrolment.price,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One change of status, and who caused it why."""

    after: EnrolmentStatus
    actor: Actor
    cause: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction does to an enrolment: steps, new column values, money."""

    steps: tuple[Step, ...] = ()
    columns: Mapping[str, Any] | None = None
    movement: Movement | None = None


def new_enrolment_id(now: datetime, dice: random.Random) -> EnrolmentId:
    """Return a new UUIDv7: random, yet ordered by time, so that new rows stay together on disk."""
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    bits = milliseconds << 80 | dice.getrandbits(80)
    bits = bits & ~(0xF << 76) | 0x7 << 76  # version 7
    bits = bits & ~(0x3 << 62) | 0x2 << 62  # RFC 9562's variant
    return EnrolmentId(str(UUID(int=bits)))


def lock_learner(connection: Connection, learner_id: LearnerId) -> Participant | None:
    """Keep a learner's money and enrolments still until the commit; None for unknown ones.

    Foreign keys may still be checked against it.  SQLite has one writer at a time, so
    its transaction is the lock.
    """
    row = select(learner).where(learner.c.id == learner_id).with_for_update(key_share=True)
    return _to_participant(connection.execute(row).first())


def read_learner(connection: Connection, learner_id: LearnerId) -> Participant | None:
    """Return a learner without keeping anything still; None for unknown ones."""
    return _to_participant(
        connection.execute(select(learner).where(learner.c.id == learner_id)).first()
    )


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
        holds_place(),
        or_(settled.is_(None), settled >= counted_until),
    )
    return connection.execute(taken).scalar_one()


def is_live() -> ColumnElement[bool]:
    """Return the condition that the live enrolments' index is made for."""
    return enrolment.c.status.in_(sorted(LIVE))


def holds_place() -> ColumnElement[bool]:
    """Return the condition for an enrolment that takes a seat: one that waits for it does not."""
    return and_(is_live(), enrolment.c.status != EnrolmentStatus.WAITLISTED)


def open_enrolment(connection: Connection, filed: Filed, first: Step) -> None:
    """File a new enrolment with its first event."""
    record = filed.enrolment
    connection.execute(insert(enrolment).values(_to_row(filed)))
    event = EnrolmentEvent(record.created_at, None, first.after, first.actor, first.cause)
    _append_event(connection, record.id, filed.version, event)


def change_enrolment(connection: Connection, filed: Filed, change: Change, now: datetime) -> Filed:
    """Carry out `change` with its events; return `filed` with its new status and version.

    Raises `IllegalTransitionError`, and `StaleEnrolmentError` when `filed` is outdated.
    """
    record, version = filed.enrolment, filed.version + len(change.steps)
    events = _to_events(record.status, change.steps, now)
    status = events[-1].after if events else record.status
    changed = connection.execute(
        update(enrolment)
        .where(enrolment.c.id == record.id, enrolment.c.version == filed.version)
        .values(status=status, version=version, **(change.columns or {}))
    )
    if changed.rowcount != 1:
        raise StaleEnrolmentError(record.id)
    for number, event in enumerate(events, start=filed.version + 1):
        _append_event(connection, record.id, number, event)
    if change.movement:
        post(connection, change.movement, now)
    return replace(filed, version=version, enrolment=replace(record, status=status))


def count_changes(steps: Sequence[Step]) -> None:
    """Count committed changes of status in the metrics."""
    for step in steps:
        ENROLMENTS.labels(step.after).inc()


def read_filed(connection: Connection, *conditions: ColumnElement[bool]) -> Filed | None:
    """Return the enrolment that fulfils `conditions`."""
    row = connection.execute(select(enrolment).where(*conditions)).first()
    return None if row is None else to_filed(row)


def read_history(connection: Connection, learner_id: LearnerId) -> Sequence[PastEnrolment]:
    """Return all that a learner was ever enrolled in, oldest first."""
    rows = connection.execute(
        select(enrolment)
        .where(enrolment.c.learner_id == learner_id)
        .order_by(enrolment.c.created_at, enrolment.c.id)
    )
    return [
        PastEnrolment(
            to_filed(row).enrolment,
            settled_at=row.settled_at,
            completed_at=row.completed_at,
            rated_at=row.rated_at,
        )
        for row in rows
    ]


def read_events(connection: Connection, enrolment_id: EnrolmentId) -> Sequence[EnrolmentEvent]:
    """Return what happened to an enrolment, oldest first."""
    table = enrolment_event
    rows = connection.execute(
        select(table).where(table.c.enrolment_id == enrolment_id).order_by(table.c.number)
    )
    return [
        EnrolmentEvent(
            at=row.at,
            before=EnrolmentStatus(row.before) if row.before else None,
            after=EnrolmentStatus(row.after),
            actor=Actor(row.actor),
            cause=row.cause,
        )
        for row in rows
    ]


def to_filed(row: Row[Any]) -> Filed:
    """Return what a row of `enrolment` (perhaps joined with others) says."""
    return Filed(
        enrolment=Enrolment(
            id=EnrolmentId(row.id),
            learner=LearnerId(row.learner_id),
            status=EnrolmentStatus(row.status),
            course_id=CourseId(row.course_id),
            offering_id=OfferingId(row.offering_id),
            session_id=SessionId(row.session_id) if row.session_id else None,
            partner=PartnerCode(row.partner),
            price=Money(row.price, row.currency),
            reference=Reference(row.reference),
            created_at=row.created_at,
            partner_reference=row.partner_reference,
            expected_by=row.expected_by,
            redeem_code=row.redeem_code,
            access_url=row.access_url,
            certificate_url=row.certificate_url,
        ),
        version=row.version,
        offering_key=RemoteId(row.offering_key),
        session_key=RemoteId(row.session_key) if row.session_key is not None else None,
    )


def _to_participant(row: Row[Any] | None) -> Participant | None:
    if row is None:
        return None
    return Participant(
        id=LearnerId(row.id),
        scheme=row.scheme,
        announced_on=row.announced_on,
        birth_date=row.birth_date,
        in_formal_education=row.in_formal_education,
        is_erased=row.erased_at is not None,
    )


def _to_row(filed: Filed) -> dict[str, Any]:
    record = filed.enrolment
    return {
        "id": record.id,
        "learner_id": record.learner,
        "status": record.status,
        "version": filed.version,
        "course_id": record.course_id,
        "offering_id": record.offering_id,
        "offering_key": filed.offering_key,
        "session_id": record.session_id,
        "session_key": filed.session_key,
        "partner": record.partner,
        "price": record.price.amount,
        "currency": record.price.currency,
        "reference": record.reference,
        "created_at": record.created_at,
        "expected_by": record.expected_by,
        **(filed.goods.columns if filed.goods else {}),
    }


def _to_events(
    before: EnrolmentStatus, steps: Sequence[Step], at: datetime
) -> Sequence[EnrolmentEvent]:
    events = []
    for step in steps:
        check_transition(before, step.after)
        events.append(EnrolmentEvent(at, before, step.after, step.actor, step.cause))
        before = step.after
    return events


def _append_event(
    connection: Connection, enrolment_id: EnrolmentId, number: int, event: EnrolmentEvent
) -> None:
    row = {
        "enrolment_id": enrolment_id,
        "number": number,
        "at": event.at,
        "before": event.before,
        "after": event.after,
        "actor": event.actor,
        "cause": event.cause,
    }
    connection.execute(insert(enrolment_event).values(row))
