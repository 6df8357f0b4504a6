"""The queue of what no machine can settle, and how a person does."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, tuple_

from gateway.enrolment import disagreements, hearing, ledger, outbox
from gateway.enrolment.audit import records as audit
from gateway.enrolment.cursors import from_cursor, to_cursor, to_moment
from gateway.enrolment.filed import Change, Filed, Step, to_filed
from gateway.enrolment.hearing import PAID
from gateway.enrolment.outbox import Operation
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, enrolment_event
from gateway.storage.settling_tables import disagreement
from schema.model.enrolment import Actor, EnrolmentStatus
from schema.model.progress import (
    Review,
    ReviewDecision,
    ReviewErrorCode,
    ReviewOutcome,
    ReviewRefusal,
    ReviewWish,
)
from schema.model.values import EnrolmentId
from schema.ports import Slice, Window

_S = EnrolmentStatus
_LIST = ("review",)
_WAITS = enrolment.c.id.in_(
    select(enrolment.c.id)
    .where(enrolment.c.status == _S.MANUAL_REVIEW)
    .union(select(disagreement.c.enrolment_id))
)


class ReviewDesk:
    """Shows and settles what waits for a person: implements `schema.enrolment_ports.Reviews`."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        notify: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the desk; `notify` is called after each commit that changed an enrolment."""
        self._database = database
        self._now = now
        self._notify = notify

    async def read_reviews(self, window: Window) -> Slice[Review]:
        """Return what waits for a person, the oldest enrolment first.  Raises `BadCursorError`."""
        return await self._database.read(lambda c: _read_page(c, window))

    async def settle(self, wish: ReviewWish) -> ReviewOutcome:
        """Settle one of them, or say why not."""
        now = self._now()
        outcome, steps = await self._database.write(lambda c: _settle(c, wish, now))
        if steps:
            ledger.count_changes(steps)
            self._notify()
        return outcome


def _settle(
    connection: Connection, wish: ReviewWish, now: datetime
) -> tuple[ReviewOutcome, tuple[Step, ...]]:
    filed = ledger.lock_filed(connection, enrolment.c.id == wish.enrolment_id)
    if filed is None:
        message = "There is no such enrolment; list the reviews to find its id."
        return _refused(ReviewErrorCode.NOT_FOUND, message), ()
    if wish.decision is ReviewDecision.ACKNOWLEDGE:
        return _acknowledge(connection, filed, wish, now), ()
    status = filed.enrolment.status
    if status is not _S.MANUAL_REVIEW:
        message = f"It is {status} and waits for no decision; list the reviews again."
        return _refused(ReviewErrorCode.NOT_IN_REVIEW, message, filed), ()
    change = _to_change(filed, wish, now)
    changed = ledger.change_enrolment(connection, filed, change, now)
    disagreements.clear_all(connection, filed.enrolment.id)  # they were seen in deciding
    if wish.decision is ReviewDecision.REJECT and filed.sent_at is not None:
        outbox.put_errand(connection, changed, now, Operation.CANCEL)  # in case it has booked
    audit.record(
        connection,
        audit.Act.REVIEW_SETTLED,
        filed.enrolment.id,
        by=wish.by,
        at=now,
        decision=wish.decision.value,
        reason=wish.reason,
    )
    return ReviewOutcome(changed.enrolment), change.steps


def _acknowledge(
    connection: Connection, filed: Filed, wish: ReviewWish, now: datetime
) -> ReviewOutcome:
    """Forget what the partner has said against our record; the audit trail remembers."""
    said = _read_disagreement(connection, filed.enrolment.id)
    if not disagreements.clear_all(connection, filed.enrolment.id):
        message = f"It is {filed.enrolment.status}, and its partner does not disagree."
        return _refused(ReviewErrorCode.NOT_IN_REVIEW, message, filed)
    audit.record(
        connection,
        audit.Act.DISAGREEMENT_SEEN,
        filed.enrolment.id,
        by=wish.by,
        at=now,
        disagreement=said,
        reason=wish.reason,
    )
    return ReviewOutcome(filed.enrolment)


def _read_disagreement(connection: Connection, enrolment_id: EnrolmentId) -> str | None:
    mine = disagreement.c.enrolment_id == enrolment_id
    said: str | None = connection.scalar(select(func.min(disagreement.c.detail)).where(mine))
    return said


def _to_change(filed: Filed, wish: ReviewWish, now: datetime) -> Change:
    """Return what a decision does: what was to be cancelled is cancelled by a rejection."""
    if wish.decision is ReviewDecision.CONFIRM:
        after = _S.CONFIRMED
    else:
        after = _S.CANCELLED if filed.resumes_as else _S.REJECTED
    columns: dict[str, Any] = {"expected_by": None, "resumes_as": None}
    if after in PAID and filed.settled_at is None:
        columns["settled_at"] = now
    step = Step(after, Actor.OPERATOR, f"settled by the programme: {wish.reason}")
    return Change((step,), columns, hearing.closing_movement(filed, after))


def _read_page(connection: Connection, window: Window) -> Slice[Review]:
    counted = select(func.count()).select_from(enrolment).where(_WAITS)
    total = connection.execute(counted).scalar_one()
    noted = (
        select(
            disagreement.c.enrolment_id,
            func.min(disagreement.c.noted_at).label("noted_at"),
            func.min(disagreement.c.detail).label("disagreement"),
        )
        .group_by(disagreement.c.enrolment_id)
        .subquery()
    )
    key, size = tuple_(enrolment.c.created_at, enrolment.c.id), window.first or 0
    last = enrolment_event
    question = (
        select(
            enrolment,
            last.c.at.label("since"),
            last.c.cause.label("cause"),
            noted.c.noted_at,
            noted.c.disagreement,
        )
        .join(
            last,
            (last.c.enrolment_id == enrolment.c.id) & (last.c.number == enrolment.c.version),
        )
        .outerjoin(noted, noted.c.enrolment_id == enrolment.c.id)
        .where(_WAITS)
        .order_by(enrolment.c.created_at, enrolment.c.id)
        .limit(size + 1)
    )
    if window.after is not None:
        question = question.where(key > _from_cursor(window.after))
    rows = connection.execute(question).all()
    return Slice(
        nodes=[_to_review(row) for row in rows[:size]],
        cursors=[_to_cursor(row) for row in rows[:size]],
        has_next=len(rows) > size,
        has_previous=window.after is not None,
        total=total,
    )


def _to_review(row: Row[Any]) -> Review:
    filed = to_filed(row)
    is_decided = filed.enrolment.status is not _S.MANUAL_REVIEW
    return Review(
        filed.enrolment,
        row.noted_at if is_decided else row.since,
        row.disagreement if is_decided else row.cause,
        is_cancellation=not is_decided and filed.resumes_as is not None,
        disagreement=row.disagreement,
    )


def _to_cursor(row: Row[Any]) -> str:
    return to_cursor(_LIST, row.created_at.isoformat(), row.id)


def _from_cursor(cursor: str) -> tuple[datetime, str]:
    created_at, enrolment_id = from_cursor(cursor, _LIST, str, str)
    return to_moment(created_at), str(enrolment_id)


def _refused(code: ReviewErrorCode, message: str, filed: Filed | None = None) -> ReviewOutcome:
    refusal = ReviewRefusal(code, message, ("input", "enrolmentId"))
    return ReviewOutcome(filed.enrolment if filed else None, (refusal,))
