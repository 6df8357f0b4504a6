"""Dated runs of an offering."""

from datetime import datetime

import strawberry
from strawberry import Parent

from schema.availability import seats_left, session_availability
from schema.context import Info
from schema.ids import NodeKind
from schema.model import catalogue as records
from schema.model.codes import public_code
from schema.model.values import Availability
from schema.types.described import described, presents, read
from schema.types.node import Node, global_id
from schema.types.values import Venue


def _seats_left(session: Parent[records.Session], info: Info) -> int | None:
    return seats_left(session, info.context.seats.taken(session.id))


def _availability(session: Parent[records.Session], info: Info) -> Availability:
    context = info.context
    taken, closed = context.seats.taken(session.id), context.partners.closed
    return session_availability(session, taken, context.now, closed)


@presents(records.Session, unchanging=True)
class Session(Node):
    """A dated, perhaps placed, run of an offering."""

    id: strawberry.ID = global_id(NodeKind.SESSION)
    code: str | None = described(
        "The `schedule_code` of the partner API.", read("id", to=public_code)
    )
    starts_at: datetime | None = described("When it begins; null if the partner does not tell.")
    ends_at: datetime | None = described("When it is over; null if the partner does not tell.")
    enrolment_starts_at: datetime | None = described("From when it takes enrolments, if told.")
    enrolment_ends_at: datetime | None = described("Until when it takes enrolments, if told.")
    purchase_ends_at: datetime | None = described(
        "From when on no scheme of the programme lets anybody buy it: so many days before it "
        "starts. A learner's own scheme may end it earlier. Null if the partner does not tell the "
        "start, or the programme does not sell it."
    )
    venue: Venue | None = described("Where it is held; null online.")
    capacity: int | None = described(
        "How many places it has; null if not told or unlimited (then it is AVAILABLE)."
    )
    seats_left: int | None = described(
        "What the partner told, less what was taken through us since; null if not told.",
        _seats_left,
    )
    availability: Availability = described(
        "Whether there is a place now; computed when asked.", _availability
    )
