"""The write side of the API.  Refusals are data in the answer, never errors."""

from typing import Annotated

import strawberry

from schema.access import checked_key, the_learner
from schema.after_enrolling import AfterEnrollingMutation
from schema.context import Info
from schema.ids import NodeKind, plain_id
from schema.model.enrolment import EnrolOutcome, EnrolRequest
from schema.model.values import LearnerId, OfferingId, SessionId
from schema.operators.blocks import BlockMutation
from schema.operators.held import HeldMutation
from schema.operators.learners import LearnerMutation
from schema.operators.links import LinkMutation
from schema.operators.partners import PartnerMutation
from schema.operators.reconciliation import ReconciliationMutation
from schema.operators.reviews import ReviewMutation
from schema.paging import given
from schema.types.described import argument
from schema.types.enrolments import EnrolInput, EnrolPayload


@strawberry.type(description="Entry points for changing.")
class Mutation(
    HeldMutation,
    LinkMutation,
    PartnerMutation,
    BlockMutation,
    LearnerMutation,
    ReviewMutation,
    ReconciliationMutation,
    AfterEnrollingMutation,
):
    """The mutation root."""

    @strawberry.mutation(
        description="Record the viewer's wish to take an offering; the partner is told soon after.",
        graphql_type=EnrolPayload,
    )
    async def enrol(
        self,
        info: Info,
        wish: Annotated[EnrolInput, argument("What to take, and under which key.", name="input")],
    ) -> EnrolOutcome:
        """Enrol the viewer."""
        request = to_request(wish, the_learner(info.context.viewer))
        return await info.context.enrolments.enrol(request)


def to_request(wish: EnrolInput, learner: LearnerId) -> EnrolRequest:
    """Return the wish in our own ids; one that can name nothing is "", and will not be found.

    Raises BAD_USER_INPUT for a key that cannot be kept.
    """
    key = checked_key(wish.idempotency_key)
    return EnrolRequest(
        learner=learner,
        offering_id=to_offering_id(wish.offering_id),
        session_id=to_session_id(given(wish.session_id)),
        idempotency_key=key,
        expected_price=given(wish.expected_price),
    )


def to_offering_id(global_id: str) -> OfferingId:
    """Return the offering that is meant; "" for an id that is not one of an offering."""
    return OfferingId(plain_id(NodeKind.OFFERING, global_id) or "")


def to_session_id(global_id: str | None) -> SessionId | None:
    """Return the session that is meant, if any; "" for an id that is not one of a session."""
    if global_id is None:
        return None
    return SessionId(plain_id(NodeKind.SESSION, global_id) or "")
