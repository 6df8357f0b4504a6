"""What happened to enrolments: rows that are only added.  Functions of a connection."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.storage.ledger_tables import enrolment_event
from gateway.storage.sets import insert_all
from schema.model.enrolment import Actor, EnrolmentEvent, EnrolmentStatus
from schema.model.values import EnrolmentId


def append(
    connection: Connection,
    enrolment_id: EnrolmentId,
    first: int,
    happened: Sequence[EnrolmentEvent],
) -> None:
    """Add events to an enrolment, the first of them under number `first`."""
    insert_all(connection, enrolment_event, to_rows(enrolment_id, first, happened))


def to_rows(
    enrolment_id: EnrolmentId, first: int, happened: Sequence[EnrolmentEvent]
) -> list[dict[str, Any]]:
    """Return the rows that `append` writes."""
    return [
        {
            "enrolment_id": enrolment_id,
            "number": number,
            "at": event.at,
            "before": event.before,
            "after": event.after,
            "actor": event.actor,
            "cause": event.cause,
        }
        for number, event in enumerate(happened, start=first)
    ]


def read_events(connection: Connection, enrolment_id: EnrolmentId) -> Sequence[EnrolmentEvent]:
    """Return what happened to an enrolment, oldest first."""
    table = enrolment_event
    rows = connection.execute(
        select(table).where(table.c.enrolment_id == enrolment_id).order_by(table.c.number)
    )
    return [to_event(row) for row in rows]


def to_event(row: Row[tuple[object, ...]]) -> EnrolmentEvent:
    """Return what a row of `enrolment_event` (perhaps joined with others) says."""
    return EnrolmentEvent(
        at=row.at,
        before=EnrolmentStatus(row.before) if row.before else None,
        after=EnrolmentStatus(row.after),
        actor=Actor(row.actor),
        cause=row.cause,
    )
