"""What no machine can settle, and what happens to all enrolments: not for learners."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from schema import ports
from schema.context import Info
from schema.ids import NodeKind, plain_id
from schema.model import progress as records
from schema.model.values import EnrolmentId
from schema.operators.actors import checked_reason, to_actor
from schema.paging import (
    DEFAULT_SIZE,
    After,
    First,
    checked_cursors,
    checked_size,
    given,
    to_window,
)
from schema.types.connections import Connection
from schema.types.described import argument
from schema.types.reviews import (
    EnrolmentEventPage,
    EnrolmentReview,
    SettleEnrolmentInput,
    SettleEnrolmentPayload,
)

LONGEST_REASON = 200


@strawberry.type
class ReviewQuery:
    """Fields of the query root."""

    @strawberry.field(
        description="The enrolments that wait for a person, the oldest first; operators only.",
        graphql_type=Connection[EnrolmentReview],
    )
    async def enrolment_reviews(
        self, info: Info, *, first: First = UNSET, after: After = UNSET
    ) -> ports.Slice[records.Review]:
        """List what waits for a person."""
        window = to_window(first, after)
        with checked_cursors():
            return await info.context.reviews.read_reviews(window)

    @strawberry.field(
        description="What happens to all enrolments, in the order of its recording, for the "
        "programme's own systems; operators and services only.",
        graphql_type=EnrolmentEventPage,
    )
    async def enrolment_events(
        self, info: Info, *, first: First = UNSET, after: After = UNSET
    ) -> records.FeedPage:
        """Read on in the event feed."""
        asked = given(first)
        size = DEFAULT_SIZE if asked is None else checked_size("first", asked)
        with checked_cursors():
            return await info.context.event_feed.read_feed(given(after), size)


@strawberry.type
class ReviewMutation:
    """Fields of the mutation root."""

    @strawberry.mutation(
        description="Settle an enrolment that waits for a person; operators only. A rejection "
        "gives the money back, and the partner is told to cancel what it may have booked.",
        graphql_type=SettleEnrolmentPayload,
    )
    async def settle_enrolment(
        self,
        info: Info,
        wish: Annotated[
            SettleEnrolmentInput, argument("Which enrolment, and how it is settled.", name="input")
        ],
    ) -> records.ReviewOutcome:
        """Settle one enrolment."""
        by = to_actor(info.context.viewer)
        reason = checked_reason(wish.reason, LONGEST_REASON)
        if reason is None:
            message = f"`reason` is 1 to {LONGEST_REASON} printable characters."
            return _refused(records.ReviewErrorCode.INVALID_VALUE, message, "reason")
        enrolment_id = plain_id(NodeKind.ENROLMENT, wish.enrolment_id)
        if enrolment_id is None:
            message = "There is no such enrolment; list the reviews to find its id."
            return _refused(records.ReviewErrorCode.NOT_FOUND, message, "enrolmentId")
        decided = records.ReviewWish(EnrolmentId(enrolment_id), wish.decision, reason, by)
        return await info.context.reviews.settle(decided)


def _refused(code: records.ReviewErrorCode, message: str, field: str) -> records.ReviewOutcome:
    return records.ReviewOutcome(None, (records.ReviewRefusal(code, message, ("input", field)),))
