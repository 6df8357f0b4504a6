"""Pages of a learner's enrolments by keyset: newest first, stable while new ones come in.

A cursor names the enrolment it stands at and the question that it was given for; another
learner's, or another filter's, is refused.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, func, select, tuple_

from gateway.enrolment.cursors import from_cursor, to_cursor, to_moment
from gateway.enrolment.filed import to_filed
from gateway.storage.ledger_tables import enrolment
from schema.model.enrolment import Enrolment, EnrolmentStatus
from schema.model.values import LearnerId
from schema.ports import Slice, Window

_VERSION = 1


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a cursor stands in the list."""

    created_at: datetime
    id: str


def read_page(
    connection: Connection,
    learner: LearnerId,
    window: Window,
    statuses: Sequence[EnrolmentStatus],
) -> Slice[Enrolment]:
    """Return part of a learner's enrolments, newest first.  Raises `BadCursorError`."""
    question = _question(learner, statuses)
    after, before = (
        None if cursor is None else _from_cursor(cursor, question)
        for cursor in (window.after, window.before)
    )
    mine = [enrolment.c.learner_id == learner]
    if statuses:
        mine.append(enrolment.c.status.in_(sorted(statuses)))
    total = connection.execute(select(func.count()).where(*mine)).scalar_one()
    backwards = window.first is None
    size = (window.last if backwards else window.first) or 0
    rows = connection.execute(
        _ordered(
            select(enrolment).where(*mine, *_between(after, before)), backwards=backwards
        ).limit(size + 1)
    ).all()
    more, found = len(rows) > size, [to_filed(row).enrolment for row in rows[:size]]
    if backwards:
        found.reverse()
    return Slice(
        nodes=found,
        cursors=[_to_cursor(record, question) for record in found],
        has_next=before is not None if backwards else more,
        has_previous=more if backwards else after is not None,
        total=total,
    )


def _between(after: _Place | None, before: _Place | None) -> list[ColumnElement[bool]]:
    key = tuple_(enrolment.c.created_at, enrolment.c.id)
    conditions: list[ColumnElement[bool]] = []
    if after:
        conditions.append(key < (after.created_at, after.id))
    if before:
        conditions.append(key > (before.created_at, before.id))
    return conditions


def _ordered(
    question: Select[tuple[object, ...]], *, backwards: bool
) -> Select[tuple[object, ...]]:
    keys = (enrolment.c.created_at, enrolment.c.id)
    return question.order_by(*(key.asc() if backwards else key.desc() for key in keys))


def _question(learner: LearnerId, statuses: Sequence[EnrolmentStatus]) -> str:
    said = json.dumps([learner, sorted(statuses)])
    return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()


def _to_cursor(record: Enrolment, question: str) -> str:
    return to_cursor((_VERSION, question), record.created_at.isoformat(), record.id)


def _from_cursor(cursor: str, question: str) -> _Place:
    created_at, enrolment_id = from_cursor(cursor, (_VERSION, question), str, str)
    return _Place(to_moment(created_at), str(enrolment_id))
