"""Enrolments in the tables of the ledger: functions of a connection whose caller commits."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from gateway.enrolment import events, places
from gateway.enrolment.facts import Participant, PastEnrolment
from gateway.enrolment.filed import Change, Filed, Step, to_filed, to_past, to_row
from gateway.enrolment.money import post
from gateway.storage.ledger_tables import enrolment, enrolment_event, learner
from gateway.storage.sets import insert_all, is_one_of
from gateway.telemetry import ENROLMENTS
from schema.model.enrolment import (
    LIVE,
    Actor,
    EnrolmentEvent,
    EnrolmentStatus,
    check_transition,
)
from schema.model.values import (
    LearnerId,
)


class StaleEnrolmentError(RuntimeError):
    """The enrolment was changed by someone else since it was read."""


@dataclass(frozen=True, slots=True)
class Account:
    """A learner, and what they can still spend, in rupiah."""

    participant: Participant
    spendable: int


def lock_learner(connection: Connection, learner_id: LearnerId) -> Participant | None:
    """Keep a learner's money and enrolments still until the commit; None for unknown ones."""
    account = lock_accounts(connection, [learner_id], wait=True).get(learner_id)
    return account.participant if account else None


def lock_accounts(
    connection: Connection, ids: Collection[LearnerId], *, wait: bool
) -> Mapping[LearnerId, Account]:
    """Keep the money and enrolments of known learners still until the commit.

    Without `wait`, those that somebody else keeps still are left out.  Foreign keys may still
    be checked against them.  SQLite has one writer at a time, so its transaction is the lock.
    """
    question = select(learner).where(is_one_of(connection, learner.c.id, ids))
    locking = question.with_for_update(key_share=True, skip_locked=not wait)
    return _to_accounts(connection.execute(locking))


def read_account(connection: Connection, learner_id: LearnerId) -> Account | None:
    """Return a learner without keeping anything still; None for unknown ones."""
    rows = connection.execute(select(learner).where(learner.c.id == learner_id))
    return _to_accounts(rows).get(learner_id)


@cache
def is_live() -> ColumnElement[bool]:
    """Return the condition that the live enrolments' index is made for."""
    return enrolment.c.status.in_(sorted(LIVE))


def open_enrolments(connection: Connection, opened: Sequence[tuple[Filed, Step]]) -> None:
    """File new enrolments, each with its first event."""
    insert_all(connection, enrolment, [to_row(filed) for filed, _ in opened])
    happened = []
    for filed, first in opened:
        at = filed.enrolment.created_at
        event = EnrolmentEvent(at, None, first.after, first.actor, first.cause)
        happened += events.to_rows(filed.enrolment.id, filed.version, [event])
    insert_all(connection, enrolment_event, happened)


def change_enrolment(connection: Connection, filed: Filed, change: Change, now: datetime) -> Filed:
    """Carry out `change` with its events, money and seat; return the enrolment as it is then.

    Raises `IllegalTransitionError` for what the programme does not know, `StaleEnrolmentError`
    when `filed` is outdated and `NoPlaceError` when there is no seat to give; nothing of the
    transaction may be kept then.
    """
    record, version = filed.enrolment, filed.version + len(change.steps)
    happened = _to_events(record.status, change.steps, now)
    status = happened[-1].after if happened else record.status
    changed = connection.execute(
        update(enrolment)
        .where(enrolment.c.id == record.id, enrolment.c.version == filed.version)
        .values(status=status, version=version, **_to_columns(filed, change, now))
        .returning(enrolment)
    ).first()
    if changed is None:
        raise StaleEnrolmentError(record.id)
    events.append(connection, record.id, filed.version + 1, happened)
    places.follow(connection, record.session_id, record.status, status)
    if change.movement:
        post(connection, change.movement, now)
    return to_filed(changed)


def count_changes(steps: Sequence[Step]) -> None:
    """Count committed changes of status in the metrics."""
    for step in steps:
        ENROLMENTS.labels(step.after).inc()


def read_filed(connection: Connection, *conditions: ColumnElement[bool]) -> Filed | None:
    """Return the enrolment that fulfils `conditions`."""
    row = connection.execute(select(enrolment).where(*conditions)).first()
    return None if row is None else to_filed(row)


def lock_filed(connection: Connection, *conditions: ColumnElement[bool]) -> Filed | None:
    """Return the enrolment that fulfils `conditions`, and keep it still until the commit."""
    question = select(enrolment).where(*conditions).with_for_update(key_share=True)
    row = connection.execute(question).first()
    return None if row is None else to_filed(row)


def read_histories(
    connection: Connection, ids: Collection[LearnerId]
) -> Mapping[LearnerId, Sequence[PastEnrolment]]:
    """Return all that learners were ever enrolled in, oldest first; nobody without any."""
    rows = connection.execute(
        select(enrolment)
        .where(is_one_of(connection, enrolment.c.learner_id, ids))
        .order_by(enrolment.c.learner_id, enrolment.c.created_at, enrolment.c.id)
    )
    histories: dict[LearnerId, list[PastEnrolment]] = {}
    for row in rows:
        past = to_past(row)
        histories.setdefault(past.record.learner, []).append(past)
    return histories


def _to_columns(filed: Filed, change: Change, now: datetime) -> dict[str, Any]:
    """Return what a change writes beside the status.

    Of a cancellation that is also who wanted it, and with a course that begins its deadline is
    to be judged.
    """
    columns = dict(change.columns or {})
    if any(step.after is EnrolmentStatus.ACTIVE for step in change.steps):
        columns.setdefault("lapses_at", now)
    if change.steps and change.steps[-1].after is EnrolmentStatus.CANCELLED:
        was_asked_for = filed.resumes_as is not None  # only learners ask for it beforehand
        columns["cancelled_by"] = Actor.LEARNER if was_asked_for else change.steps[-1].actor
    return columns


def _to_events(
    before: EnrolmentStatus, steps: Sequence[Step], at: datetime
) -> Sequence[EnrolmentEvent]:
    happened = []
    for step in steps:
        check_transition(before, step.after)
        happened.append(EnrolmentEvent(at, before, step.after, step.actor, step.cause))
        before = step.after
    return happened


def _to_accounts(rows: Iterable[Row[Any]]) -> Mapping[LearnerId, Account]:
    return {LearnerId(row.id): Account(to_participant(row), row.spendable) for row in rows}


def to_participant(row: Row[Any]) -> Participant:
    """Return what a row of `learner` says of a person, as far as the rules ask."""
    return Participant(
        id=LearnerId(row.id),
        scheme=row.scheme,
        announced_on=row.announced_on,
        birth_date=row.birth_date,
        in_formal_education=row.in_formal_education,
        is_erased=row.erased_at is not None,
    )
