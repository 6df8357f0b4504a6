"""Enrolments and those who enrol: the viewer's own, never another's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET, Parent

from schema import ports
from schema.context import Info
from schema.ids import NodeKind
from schema.model import catalogue as catalogue_records
from schema.model import enrolment as records
from schema.model import progress as progress_records
from schema.model import values, viewer
from schema.paging import After, First, checked_cursors, given, to_window
from schema.types.catalogue import Course, Offering
from schema.types.connections import Connection
from schema.types.described import argument, described, optional, presents
from schema.types.node import Node, global_id
from schema.types.partners import Partner, partner_of
from schema.types.scalars import BigInt
from schema.types.sessions import Session
from schema.types.values import Money


def _course(enrolment: Parent[records.Enrolment], info: Info) -> catalogue_records.Course | None:
    return info.context.catalogue.course(enrolment.course_id)


def _offering(
    enrolment: Parent[records.Enrolment], info: Info
) -> catalogue_records.Offering | None:
    return info.context.catalogue.offering(enrolment.offering_id)


def _session(enrolment: Parent[records.Enrolment], info: Info) -> catalogue_records.Session | None:
    session_id = enrolment.session_id
    return None if session_id is None else info.context.catalogue.session(session_id)


def _partner(enrolment: Parent[records.Enrolment], info: Info) -> catalogue_records.PartnerStatus:
    return partner_of(enrolment.partner, info)


async def _events(
    enrolment: Parent[records.Enrolment], info: Info
) -> Sequence[records.EnrolmentEvent]:
    return await info.context.enrolments.read_events(enrolment.id)


async def _progress(enrolment: Parent[records.Enrolment], info: Info) -> progress_records.Progress:
    return await info.context.progress.read_progress(enrolment.id)


async def _attendance(
    enrolment: Parent[records.Enrolment], info: Info
) -> Sequence[progress_records.Attendance]:
    return await info.context.progress.read_attendance(enrolment.id)


async def _balance(learner: Parent[viewer.Learner], info: Info) -> values.Money:
    return await info.context.enrolments.read_balance(learner.id)


async def _enrolments(
    learner: Parent[viewer.Learner],
    info: Info,
    *,
    first: First = UNSET,
    after: After = UNSET,
    status: Annotated[
        list[records.EnrolmentStatus] | None, argument("Only those that stand so; null for all.")
    ] = UNSET,
) -> ports.Slice[records.Enrolment]:
    window = to_window(first, after)
    with checked_cursors():
        return await info.context.enrolments.read_enrolments(
            learner.id, window, given(status) or ()
        )


@presents(records.EnrolmentEvent)
class EnrolmentEvent:
    """One change of an enrolment's status."""

    at: datetime = described("When it happened.")
    before: records.EnrolmentStatus | None = described(
        "The status before; null for the first.", name="from"
    )
    after: records.EnrolmentStatus = described("The status after.", name="to")
    actor: records.Actor = described("Who caused it.")
    cause: str = described("Why, in a word or two.")


@presents(progress_records.Progress)
class EnrolmentProgress:
    """How far a course has come; null is what has not happened yet."""

    redeemed_at: datetime | None = described("When the learner began.")
    completed_at: datetime | None = described("When it ended, whether it was passed or not.")
    certificate_reference: str | None = described("The certificate's own number.")
    rating: int | None = described("The learner's rating, from 1 to 5.")
    rated_at: datetime | None = described("When it was rated.")


@presents(progress_records.Attendance)
class MeetingAttendance:
    """Whether the learner was at one meeting."""

    meeting: int = described("Which meeting, from 1.")
    attended: bool = described("Whether the learner was there.")
    occurred_at: datetime = described("When it was established.")


@presents(records.Enrolment)
class Enrolment(Node):
    """A learner's place on a course, as the programme records it."""

    id: strawberry.ID = global_id(NodeKind.ENROLMENT)
    status: records.EnrolmentStatus = described("Where it stands.")
    course: Course = described("What is taken, even if withdrawn since.", _course)
    offering: Offering = described("What was bought, even if withdrawn since.", _offering)
    session: Session | None = described("The dated run; null for self-paced courses.", _session)
    partner: Partner = described("Who sells it.", _partner)
    price: Money = described("The price as it was at the moment of enrolment.")
    reference: str = described("Our reference, as sent to the partner.")
    partner_reference: str | None = described("The partner's reference, once it has answered.")
    created_at: datetime = described("When it was recorded.")
    expected_by: datetime | None = described("By when it should be settled; null once it is.")
    redeem_code: str | None = described("The code that opens the course at the partner.")
    access_url: str | None = described("Where the course is taken.")
    certificate_url: str | None = described("Where the certificate is found.")
    version: int = described("Rises with each change; `enrolmentChanged` goes on from it.")
    events: list[EnrolmentEvent] = described("What happened to it, oldest first.", _events)
    progress: EnrolmentProgress = described("How far the course has come.", _progress)
    attendance: list[MeetingAttendance] = described(
        "The meetings that were told of, in order.", _attendance
    )


@presents(viewer.Learner)
class Learner(Node):
    """A person who takes courses; only they see this."""

    id: strawberry.ID = global_id(NodeKind.LEARNER)
    balance: Money = described("What the training account can still spend.", _balance)
    enrolments: Connection[Enrolment] = described("Their enrolments, newest first.", _enrolments)


@strawberry.input(description="A learner's wish to take an offering.")
class EnrolInput:
    """The GraphQL input of `EnrolRequest`."""

    offering_id: strawberry.ID = described("The offering to take.")
    session_id: strawberry.ID | None = optional("The session to attend, if there are sessions.")
    idempotency_key: str = described(
        "Chosen by the client, 1 to 255 printable characters: the same key again gives the same "
        "enrolment, never a second one."
    )
    expected_price: BigInt | None = optional(
        "The price that the learner was shown; PRICE_CHANGED if it is no longer right."
    )


@presents(records.RuleValue)
class RuleValue:
    """One of the values by which a rule was judged."""

    name: str = described("What it is, such as `lastDay`.")
    value: str = described("A word, a whole number, or a day or moment in ISO 8601.")


@presents(records.EnrolVerdict)
class EnrolVerdict:
    """What one rule of the programme says of a wish to enrol."""

    rule: str = described("The rule's stable name, such as `first_purchase`.")
    code: records.EnrolErrorCode = described("What `enrol` answers when the rule refuses.")
    state: records.RuleState = described("Whether the rule is kept.")
    message: str = described("For people: why it is refused, else what the rule demands.")
    field: list[str] | None = described("The argument that it is about, if any.")
    values: list[RuleValue] = described("The values that decided.")


@presents(records.Refusal)
class EnrolError:
    """One reason why an enrolment was refused."""

    code: records.EnrolErrorCode = described("The reason, for programs.")
    message: str = described("The reason, for people.")
    field: list[str] | None = described("The path of the input that it is about, if any.")
    rule: str | None = described("The rule that decided, as `enrolmentVerdicts` names it.")
    values: list[RuleValue] = described("The values that decided.")


@presents(records.EnrolOutcome)
class EnrolPayload:
    """An enrolment, or the reasons why there is none; ALREADY_ENROLLED gives both."""

    enrolment: Enrolment | None = described("What was recorded, or stands already.")
    refusals: list[EnrolError] = described(
        "Why it was refused; empty when it was not.", name="userErrors"
    )
