"""Idempotency keys: what a key was first used for, and what came of it.

A key belongs to one learner and one mutation.  Functions of a connection, as in `ledger`.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from gateway.storage.ledger_tables import idempotency_key
from schema.model.enrolment import EnrolErrorCode, EnrolRequest, Refusal
from schema.model.values import EnrolmentId, LearnerId

ENROL = "enrol"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The first use of a key: its input's hash, and the enrolment or refusals it got."""

    input_hash: str
    enrolment_id: EnrolmentId | None
    refusals: tuple[Refusal, ...]


def input_hash(request: EnrolRequest) -> str:
    """Return what tells one input of `enrol` from another."""
    said = [request.offering_id, request.session_id, request.expected_price]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def read_recorded(
    connection: Connection, learner: LearnerId, mutation: str, key: str
) -> Recorded | None:
    """Return the first use of a key, or None."""
    table = idempotency_key
    row = connection.execute(
        select(table).where(
            table.c.learner_id == learner, table.c.mutation == mutation, table.c.key == key
        )
    ).first()
    if row is None:
        return None
    return Recorded(
        input_hash=row.input_hash,
        enrolment_id=EnrolmentId(row.enrolment_id) if row.enrolment_id else None,
        refusals=tuple(_to_refusal(refusal) for refusal in row.refusals),
    )


def record(
    connection: Connection, request: EnrolRequest, recorded: Recorded, now: datetime
) -> None:
    """Keep what came of the first use of a key of `enrol`."""
    row = {
        "learner_id": request.learner,
        "mutation": ENROL,
        "key": request.idempotency_key,
        "input_hash": recorded.input_hash,
        "enrolment_id": recorded.enrolment_id,
        "refusals": [asdict(refusal) for refusal in recorded.refusals],
        "created_at": now,
    }
    connection.execute(insert(idempotency_key).values(row))


def _to_refusal(told: dict[str, object]) -> Refusal:
    field = told["field"]
    return Refusal(
        code=EnrolErrorCode(str(told["code"])),
        message=str(told["message"]),
        field=tuple(field) if isinstance(field, list) else None,
    )
