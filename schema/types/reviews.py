"""What operators and the programme's systems see of enrolments."""

from datetime import datetime

import strawberry
from strawberry import Parent

from schema.ids import NodeKind, to_global_id
from schema.model import enrolment, progress
from schema.types.described import described, presents
from schema.types.enrolments import Enrolment


def _course_id(root: Parent[progress.FeedEvent]) -> strawberry.ID:
    return strawberry.ID(to_global_id(NodeKind.COURSE, root.course_id))


def _enrolment_id(root: Parent[progress.FeedEvent]) -> strawberry.ID:
    return strawberry.ID(to_global_id(NodeKind.ENROLMENT, root.enrolment_id))


def _before(root: Parent[progress.FeedEvent]) -> enrolment.EnrolmentStatus | None:
    return root.event.before


@presents(progress.Review)
class EnrolmentReview:
    """An enrolment that waits for a person."""

    enrolment: Enrolment = described("The enrolment.")
    since: datetime = described("Since when it waits.")
    cause: str = described("Why it could not be settled.")
    is_cancellation: bool = described(
        "Whether it had been booked and was to be cancelled; a rejection refunds it then."
    )
    disagreement: str | None = described(
        "What its partner says against our record; acknowledge it once it is seen to. Null if it "
        "says nothing."
    )


@strawberry.input(description="A person's decision about an enrolment.")
class SettleEnrolmentInput:
    """The GraphQL input of `ReviewWish`."""

    enrolment_id: strawberry.ID = described("The enrolment to settle.")
    decision: progress.ReviewDecision = described("How it is settled.")
    reason: str = described("Why, 1 to 200 printable characters; the learner is told.")


@presents(progress.ReviewRefusal)
class ReviewError:
    """One reason why a decision was not carried out."""

    code: progress.ReviewErrorCode = described("The reason, for programs.")
    message: str = described("The reason, for people.")
    field: list[str] | None = described("The path of the input that it is about, if any.")


@presents(progress.ReviewOutcome)
class SettleEnrolmentPayload:
    """The enrolment that was settled, or the reasons why it was not."""

    enrolment: Enrolment | None = described("The enrolment as it stands; null if there is none.")
    refusals: list[ReviewError] = described(
        "Why it was not carried out; empty when it was.", name="userErrors"
    )


@presents(progress.FeedEvent)
class EnrolmentFeedEvent:
    """One change of one enrolment's status."""

    enrolment_id: strawberry.ID = described("The enrolment.", _enrolment_id)
    reference: str = described("Our reference, as sent to the partner.")
    partner: str = described("The partner's stable code.")
    course_id: strawberry.ID = described("The course, as it was at the purchase.", _course_id)
    at: datetime = described("When it happened.", lambda root: root.event.at)
    before: enrolment.EnrolmentStatus | None = described(
        "The status before; null for the first.", _before, name="from"
    )
    after: enrolment.EnrolmentStatus = described(
        "The status after.", lambda root: root.event.after, name="to"
    )
    actor: enrolment.Actor = described("Who caused it.", lambda root: root.event.actor)
    cause: str = described("Why, in a word or two.", lambda root: root.event.cause)


@presents(progress.FeedPage)
class EnrolmentEventPage:
    """A few events in the order of their recording."""

    events: list[EnrolmentFeedEvent] = described("The events.")
    cursor: str = described("Where to read on, now or when there is more: give it as `after`.")
    has_more: bool = described("Whether there is more already.")
