"""An enrolment as it is filed: its record, what may happen to it, and its row."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from adapters.base import Booking
from gateway.enrolment.facts import PastEnrolment
from gateway.enrolment.goods import UNTOLD, Goods
from gateway.enrolment.money import Movement
from schema.model.enrolment import Actor, Enrolment, EnrolmentStatus
from schema.model.values import (
    CourseId,
    EnrolmentId,
    LearnerId,
    Money,
    OfferingId,
    PartnerCode,
    Reference,
    RemoteId,
    SessionId,
)


@dataclass(frozen=True, slots=True)
class Filed:
    """An enrolment as filed: the record, and what its partner calls the goods."""

    enrolment: Enrolment
    offering_key: RemoteId
    session_key: RemoteId | None
    goods: Goods | None = None  # told when filing; not read back
    hold_until: datetime | None = None
    sent_at: datetime | None = None  # from when on the partner may know of it
    settled_at: datetime | None = None
    resumes_as: EnrolmentStatus | None = None  # what it was before it was to be cancelled
    lapses_at: datetime | None = None  # told when filing; not read back

    @property
    def version(self) -> int:
        """How many events there are of it."""
        return self.enrolment.version

    @property
    def booking(self) -> Booking:
        """What the partner is asked to book."""
        return Booking(
            reference=self.enrolment.reference,
            offering=self.offering_key,
            session=self.session_key,
            learner=self.enrolment.learner,
            price=self.enrolment.price,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One change of status, and who caused it why."""

    after: EnrolmentStatus
    actor: Actor
    cause: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction does to an enrolment: steps, new column values, money."""

    steps: tuple[Step, ...] = ()
    columns: Mapping[str, Any] | None = None
    movement: Movement | None = None


def new_enrolment_id(now: datetime, dice: random.Random) -> EnrolmentId:
    """Return a new UUIDv7: random, yet ordered by time, so that new rows stay together on disk."""
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    bits = milliseconds << 80 | dice.getrandbits(80)
    bits = bits & ~(0xF << 76) | 0x7 << 76  # version 7
    bits = bits & ~(0x3 << 62) | 0x2 << 62  # RFC 9562's variant
    return EnrolmentId(str(UUID(int=bits)))


def to_filed(row: Row[Any]) -> Filed:
    """Return what a row of `enrolment` (perhaps joined with others) says."""
    return Filed(
        enrolment=Enrolment(
            id=EnrolmentId(row.id),
            learner=LearnerId(row.learner_id),
            status=EnrolmentStatus(row.status),
            course_id=CourseId(row.course_id),
            offering_id=OfferingId(row.offering_id),
            session_id=SessionId(row.session_id) if row.session_id else None,
            partner=PartnerCode(row.partner),
            price=Money(row.price, row.currency),
            reference=Reference(row.reference),
            created_at=row.created_at,
            partner_reference=row.partner_reference,
            expected_by=row.expected_by,
            redeem_code=row.redeem_code,
            access_url=row.access_url,
            certificate_url=row.certificate_url,
            version=row.version,
        ),
        offering_key=RemoteId(row.offering_key),
        session_key=RemoteId(row.session_key) if row.session_key is not None else None,
        hold_until=row.hold_until,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
        resumes_as=EnrolmentStatus(row.resumes_as) if row.resumes_as else None,
    )


def to_past(row: Row[Any]) -> PastEnrolment:
    """Return what a row of `enrolment` says of a learner's past."""
    return PastEnrolment(
        to_filed(row).enrolment,
        settled_at=row.settled_at,
        completed_at=row.completed_at,
        rated_at=row.rated_at,
        cancelled_by=Actor(row.cancelled_by) if row.cancelled_by else None,
    )


def to_row(filed: Filed) -> dict[str, Any]:
    """Return the row of `enrolment` that a new one is filed as."""
    record = filed.enrolment
    return {
        "id": record.id,
        "learner_id": record.learner,
        "status": record.status,
        "version": filed.version,
        "course_id": record.course_id,
        "offering_id": record.offering_id,
        "offering_key": filed.offering_key,
        "session_id": record.session_id,
        "session_key": filed.session_key,
        "partner": record.partner,
        "price": record.price.amount,
        "currency": record.price.currency,
        "reference": record.reference,
        "created_at": record.created_at,
        "expected_by": record.expected_by,
        "hold_until": filed.hold_until,
        "lapses_at": filed.lapses_at,
        **(filed.goods or UNTOLD).columns,
    }
