"""Errands to partners, written in the transaction that makes them necessary.

An errand's `next_step` is what to do if its holder vanishes now.  It is ASK from before
the bytes leave, and SEND again only once it is known that nothing came of them: so a crash
never sends twice.  Functions of a connection, as in `ledger`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Row, and_, delete, select, update

from gateway.enrolment.filed import Filed, to_filed
from gateway.storage.ledger_tables import enrolment, outbox
from gateway.storage.sets import insert_all, is_none_of
from gateway.storage.upsert import insert_into
from schema.model.values import EnrolmentId, PartnerCode

UNREADABLE_FOR = timedelta(hours=1)

log = structlog.get_logger(__name__)


class Operation(StrEnum):
    """What an errand asks of the partner."""

    ENROL = "ENROL"
    CANCEL = "CANCEL"


class NextStep(StrEnum):
    """How an errand goes on: VERIFY asks what stands after the partner refused."""

    SEND = "SEND"
    ASK = "ASK"
    VERIFY = "VERIFY"

    @property
    def asking(self) -> "NextStep":
        """What is left to do once it is not known any more what came of this step."""
        return NextStep.ASK if self is NextStep.SEND else self


@dataclass(frozen=True, slots=True)
class Errand:
    """Something to be told to, or asked of, a partner; `attempts` counts how often it was taken."""

    filed: Filed
    operation: Operation
    step: NextStep
    attempts: int

    @property
    def partner(self) -> PartnerCode:
        """The partner it goes to."""
        return self.filed.enrolment.partner


def put_errand(
    connection: Connection,
    filed: Filed,
    now: datetime,
    operation: Operation = Operation.ENROL,
    step: NextStep = NextStep.SEND,
) -> None:
    """Ask for an enrolment to be taken to its partner; an errand that is out already goes on."""
    row = _to_row(filed, now, operation, step)
    connection.execute(insert_into(connection, outbox).values(row).on_conflict_do_nothing())


def put_first_errands(connection: Connection, filed: Iterable[Filed]) -> None:
    """Ask for new enrolments to be taken to their partners."""
    rows = [
        _to_row(each, each.enrolment.created_at, Operation.ENROL, NextStep.SEND) for each in filed
    ]
    insert_all(connection, outbox, rows)


def read_due(
    connection: Connection, now: datetime, *, busy: Collection[PartnerCode], limit: int
) -> list[Errand]:
    """Return errands that are due and unheld, longest waiting first, and lock them.

    Rows that another courier has locked are passed over, not waited for.
    """
    is_free = is_none_of(connection, outbox.c.partner, busy)
    rows = connection.execute(
        select(enrolment, outbox.c.operation, outbox.c.next_step, outbox.c.attempts)
        .join(outbox, outbox.c.enrolment_id == enrolment.c.id)
        .where(outbox.c.next_attempt_at <= now, is_free)
        .order_by(outbox.c.next_attempt_at, outbox.c.enrolment_id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    errands = []
    for row in rows:
        try:
            errands.append(_to_errand(row))
        except (ValueError, TypeError) as exc:  # it must not stop those behind it
            log.error("outbox.unreadable", enrolment=row.id, error=type(exc).__name__)  # noqa: TRY400 - a traceback would show data
            _set_aside(connection, row, now)
    return errands


def hold(
    connection: Connection, errand: Errand, holder: str, now: datetime, lease: timedelta
) -> None:
    """Lease an errand: nobody else sees it as due before the lease has run out."""
    connection.execute(
        update(outbox)
        .where(_is(errand))
        .values(
            next_step=errand.step.asking,
            attempts=errand.attempts,
            lease_holder=holder,
            lease_until=now + lease,
            next_attempt_at=now + lease,
        )
    )


def is_held(connection: Connection, errand: Errand, holder: str) -> bool:
    """Return whether `holder` still has the errand, and lock it so that it stays so."""
    row = connection.execute(
        select(outbox.c.lease_holder, outbox.c.attempts)
        .where(_is(errand))
        .with_for_update(key_share=True)
    ).first()
    return row is not None and (row.lease_holder, row.attempts) == (holder, errand.attempts)


def put_off(
    connection: Connection, errand: Errand, step: NextStep, at: datetime, *, attempts: int
) -> None:
    """Give an errand back, to be gone on with at `at`."""
    connection.execute(
        update(outbox)
        .where(_is(errand))
        .values(
            next_step=step,
            next_attempt_at=at,
            attempts=attempts,
            lease_holder=None,
            lease_until=None,
        )
    )


def finish(connection: Connection, errand: Errand) -> None:
    """Strike out an errand that is done, or has become pointless."""
    connection.execute(delete(outbox).where(_is(errand)))


def strike_out(connection: Connection, enrolment_id: EnrolmentId, operation: Operation) -> None:
    """Strike out an errand that somebody else may hold: what they bring back changes nothing."""
    connection.execute(
        delete(outbox).where(outbox.c.enrolment_id == enrolment_id, outbox.c.operation == operation)
    )


def give_back(connection: Connection, holder: str, now: datetime) -> None:
    """Return all that `holder` has: its next steps are ASK, so whoever takes them asks first."""
    connection.execute(
        update(outbox)
        .where(outbox.c.lease_holder == holder)
        .values(next_attempt_at=now, lease_holder=None, lease_until=None)
    )


def _set_aside(connection: Connection, row: Row[Any], now: datetime) -> None:
    """Put off what this code cannot read; a later version may."""
    connection.execute(
        update(outbox)
        .where(outbox.c.enrolment_id == row.id, outbox.c.operation == row.operation)
        .values(attempts=outbox.c.attempts + 1, next_attempt_at=now + UNREADABLE_FOR)
    )


def _is(errand: Errand) -> ColumnElement[bool]:
    return and_(
        outbox.c.enrolment_id == errand.filed.enrolment.id,
        outbox.c.operation == errand.operation,
    )


def _to_row(filed: Filed, now: datetime, operation: Operation, step: NextStep) -> dict[str, Any]:
    return {
        "enrolment_id": filed.enrolment.id,
        "operation": operation,
        "partner": filed.enrolment.partner,
        "next_step": step,
        "attempts": 0,
        "next_attempt_at": now,
    }


def _to_errand(row: Row[Any]) -> Errand:
    return Errand(
        filed=to_filed(row),
        operation=Operation(row.operation),
        step=NextStep(row.next_step),
        attempts=row.attempts,
    )
