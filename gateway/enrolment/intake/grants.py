"""Posting grants, and returning to the state what was not spent in time.

A grant is known by its batch and row, which are the movement's own id: what was posted is
posted, however often it comes again.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select

from gateway.enrolment.audit.records import Act, because, record
from gateway.enrolment.intake.rows import GrantRow
from gateway.enrolment.money import Account, Movement, MovementKind, post, read_balance, to_rows
from gateway.storage.ledger_tables import enrolment, entry, learner
from schema.model.enrolment import EnrolmentStatus
from schema.model.learners import GrantsOutcome, RejectedRow
from schema.model.values import LearnerId

LONGEST_BATCH = 100
_NO_PURCHASE = sorted(
    {EnrolmentStatus.REJECTED, EnrolmentStatus.CANCELLED, EnrolmentStatus.REQUESTED}
)


def is_batch(text: str) -> bool:
    """Return whether a text can name a batch."""
    return 1 <= len(text) <= LONGEST_BATCH and text.isprintable() and ":" not in text


def post_rows(
    connection: Connection,
    batch: str,
    rows: Sequence[GrantRow],
    *,
    by: str,
    now: datetime,
    reason: str | None = None,
) -> GrantsOutcome:
    """Post the rows of a batch that are new; one that has changed since is reported."""
    _lock_batch(connection, batch)
    known = _lock_learners(connection, {row.reference for row in rows})
    movements = {row.number: _to_movement(batch, row) for row in rows}
    posted = _read_posted(connection, list(movements.values()))
    new: list[Movement] = []
    unchanged, rejected = 0, []
    for row in rows:
        movement = _to_movement(batch, row)
        standing = posted.get(movement.id)
        if standing == (row.reference, row.amount):
            unchanged += 1
        elif standing is not None:
            reason = (
                "this row of the batch was posted with other content; correct it by a new batch"
            )
            rejected.append(RejectedRow(row.number, reason))
        elif row.reference not in known:
            rejected.append(RejectedRow(row.number, "there is no such learner; import them first"))
        else:
            posted[movement.id] = (row.reference, row.amount)
            new.append(movement)
    amount = sum(movement.amount for movement in new)
    if new:
        _insert(connection, new, now)
        told = {"rows": len(new), "amount": amount, **because(reason)}
        record(connection, Act.GRANTS_POSTED, f"batch:{batch}", by=by, at=now, **told)
    return GrantsOutcome(len(new), unchanged, amount, tuple(rejected))


def expire(
    connection: Connection, learner_id: LearnerId, last_day: date, *, by: str, now: datetime
) -> int:
    """Return a learner's unspent balance to the state: `last_day` is the deadline they missed.

    Return how much it was.  What is held for an enrolment is not unspent: if it is released
    later, it expires when this is called again.
    """
    _lock_learners(connection, {learner_id})
    amount = read_balance(connection, learner_id)
    if amount == 0:
        return 0
    earlier = select(func.count()).where(
        entry.c.learner_id == learner_id,
        entry.c.account == Account.PROGRAMME,
        entry.c.kind == MovementKind.EXPIRE,
    )
    occasion = f"{learner_id}:{connection.execute(earlier).scalar_one() + 1}"
    post(connection, Movement(MovementKind.EXPIRE, learner_id, amount, occasion), now)
    told = {"amount": amount, "last_day": last_day.isoformat()}
    record(connection, Act.BALANCE_EXPIRED, f"learner:{learner_id}", by=by, at=now, **told)
    return amount


def read_idle(
    connection: Connection, announced_until: date, after: str, limit: int
) -> list[LearnerId]:
    """Return learners announced by a day who have money and never bought, in order."""
    bought = (
        select(enrolment.c.id)
        .where(enrolment.c.learner_id == learner.c.id, enrolment.c.status.not_in(_NO_PURCHASE))
        .exists()
    )
    rows = connection.execute(
        select(learner.c.id)
        .where(
            learner.c.id > after,
            learner.c.spendable > 0,
            learner.c.announced_on <= announced_until,
            ~bought,
        )
        .order_by(learner.c.id)
        .limit(limit)
    )
    return [LearnerId(row.id) for row in rows]


def _lock_batch(connection: Connection, batch: str) -> None:
    """Make those who post the same batch take turns."""
    if connection.dialect.name == "postgresql":
        digest = hashlib.sha256(f"batch {batch}".encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def _lock_learners(connection: Connection, learners: set[LearnerId]) -> set[LearnerId]:
    """Keep learners' money still until the commit; return those who are known and not erased."""
    rows = connection.execute(
        select(learner.c.id, learner.c.erased_at)
        .where(learner.c.id.in_(sorted(learners)))
        .order_by(learner.c.id)
        .with_for_update(key_share=True)
    )
    return {LearnerId(row.id) for row in rows if row.erased_at is None}


def _to_movement(batch: str, row: GrantRow) -> Movement:
    return Movement(MovementKind.GRANT, row.reference, row.amount, f"{batch}:{row.number}")


def _read_posted(
    connection: Connection, movements: Sequence[Movement]
) -> dict[str, tuple[LearnerId, int]]:
    ids = [movement.id for movement in movements]
    rows = connection.execute(
        select(entry.c.movement, entry.c.learner_id, entry.c.amount).where(
            entry.c.movement.in_(ids), entry.c.account == Account.SPENDABLE
        )
    )
    return {row.movement: (LearnerId(row.learner_id), row.amount) for row in rows}


def _insert(connection: Connection, movements: Sequence[Movement], now: datetime) -> None:
    """Write many movements; an even page keeps the two rows of each in one statement."""
    rows = [row for movement in movements for row in to_rows(movement, now)]
    connection.execute(
        insert(entry).returning(entry.c.account),
        rows,
        execution_options={"insertmanyvalues_page_size": 1_000},
    )
