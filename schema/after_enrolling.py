"""What a learner does after enrolling: cancel, and rate a course that has ended."""

from typing import Annotated

import strawberry

from schema.access import checked_key, the_learner
from schema.context import Info
from schema.ids import NodeKind, plain_id
from schema.model.enrolment import CancelRequest, EnrolErrorCode, EnrolOutcome, Refusal
from schema.model.progress import RateRequest, RatingErrorCode, RatingOutcome, RatingRefusal
from schema.model.values import EnrolmentId
from schema.types.after_enrolling import (
    CancelEnrolmentInput,
    CancelEnrolmentPayload,
    RateEnrolmentInput,
    RateEnrolmentPayload,
)
from schema.types.described import argument

_FIELD = ("input", "enrolmentId")
_UNKNOWN = "You have no such enrolment; list yours to find it."


@strawberry.type
class AfterEnrollingMutation:
    """Fields of the mutation root."""

    @strawberry.mutation(
        description="Give a place back while the rules allow it; the money returns once the "
        "partner has taken it back, and the course cannot be bought again.",
        graphql_type=CancelEnrolmentPayload,
    )
    async def cancel_enrolment(
        self,
        info: Info,
        wish: Annotated[
            CancelEnrolmentInput, argument("What to cancel, and under which key.", name="input")
        ],
    ) -> EnrolOutcome:
        """Cancel one of the viewer's enrolments."""
        learner = the_learner(info.context.viewer)
        key = checked_key(wish.idempotency_key)
        enrolment_id = plain_id(NodeKind.ENROLMENT, wish.enrolment_id)
        if enrolment_id is None:
            return EnrolOutcome(None, (Refusal(EnrolErrorCode.NOT_FOUND, _UNKNOWN, _FIELD),))
        request = CancelRequest(learner, EnrolmentId(enrolment_id), key)
        return await info.context.cancellations.cancel(request)

    @strawberry.mutation(
        description="Rate a course that has ended; once only. The next course is bought after it.",
        graphql_type=RateEnrolmentPayload,
    )
    async def rate_enrolment(
        self,
        info: Info,
        wish: Annotated[
            RateEnrolmentInput, argument("Which enrolment, and the rating.", name="input")
        ],
    ) -> RatingOutcome:
        """Rate one of the viewer's courses."""
        learner = the_learner(info.context.viewer)
        enrolment_id = plain_id(NodeKind.ENROLMENT, wish.enrolment_id)
        if enrolment_id is None:
            refusal = RatingRefusal(RatingErrorCode.NOT_FOUND, _UNKNOWN, _FIELD)
            return RatingOutcome(None, (refusal,))
        request = RateRequest(learner, EnrolmentId(enrolment_id), wish.rating)
        return await info.context.progress.rate(request)
