"""What does not agree between a partner and us, kept until a person has seen to it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from gateway.storage.settling_tables import finding
from gateway.storage.upsert import insert_into
from schema.model.values import EnrolmentId


class FindingKind(StrEnum):
    """What does not agree."""

    PARTNER_DISAGREES = "PARTNER_DISAGREES"
    NO_PLACE_LEFT = "NO_PLACE_LEFT"


def note(
    connection: Connection, enrolment_id: EnrolmentId, kind: FindingKind, detail: str, now: datetime
) -> None:
    """Note a finding; the same kind about the same enrolment again is the newest word on it."""
    values = {"noted_at": now, "detail": detail}
    connection.execute(
        insert_into(connection, finding)
        .values(enrolment_id=enrolment_id, kind=kind, **values)
        .on_conflict_do_update(index_elements=["enrolment_id", "kind"], set_=values)
    )
