"""What does not agree between a partner and us, kept until a person has seen to it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete

from gateway.storage.settling_tables import disagreement
from gateway.storage.upsert import insert_into
from schema.model.values import EnrolmentId


class DisagreementKind(StrEnum):
    """What does not agree."""

    PARTNER_DISAGREES = "PARTNER_DISAGREES"
    NO_PLACE_LEFT = "NO_PLACE_LEFT"


def note(
    connection: Connection,
    enrolment_id: EnrolmentId,
    kind: DisagreementKind,
    detail: str,
    now: datetime,
) -> None:
    """Note a disagreement; the same kind about an enrolment again is the newest word on it."""
    values = {"noted_at": now, "detail": detail}
    connection.execute(
        insert_into(connection, disagreement)
        .values(enrolment_id=enrolment_id, kind=kind, **values)
        .on_conflict_do_update(index_elements=["enrolment_id", "kind"], set_=values)
    )


def clear_all(connection: Connection, enrolment_id: EnrolmentId) -> int:
    """Forget all disagreements about an enrolment; return how many there were."""
    all_of_it = delete(disagreement).where(disagreement.c.enrolment_id == enrolment_id)
    return connection.execute(all_of_it).rowcount


def clear(connection: Connection, enrolment_id: EnrolmentId, kind: DisagreementKind) -> None:
    """Forget a disagreement: it has been settled."""
    connection.execute(
        delete(disagreement).where(
            disagreement.c.enrolment_id == enrolment_id, disagreement.c.kind == kind
        )
    )
