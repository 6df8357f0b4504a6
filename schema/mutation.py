"""The write side of the API.  Refusals are data in the answer, never errors."""

from typing import Annotated

import strawberry

from schema.access import checked_key, checked_learner
from schema.after_enrolling import AfterEnrollingMutation
from schema.context import Info
from schema.ids import NodeKind, plain_id
from schema.model.enrolment import EnrolErrorCode, EnrolOutcome, EnrolRequest, Refusal
from schema.model.values import LearnerId, OfferingId, SessionId
from schema.operators.blocks import BlockMutation
from schema.operators.held import HeldMutation
from schema.operators.links import LinkMutation
from schema.operators.reviews import ReviewMutation
from schema.paging import given
from schema.types.described import argument
from schema.types.enrolments import EnrolInput, EnrolPayload


@strawberry.type(description="Entry points for changing.")
class Mutation(HeldMutation, LinkMutation, BlockMutation, ReviewMutation, AfterEnrollingMutation):
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
        request = to_request(wish, checked_learner(info.context.viewer))
        if isinstance(request, Refusal):
            return EnrolOutcome(enrolment=None, refusals=(request,))
        return await info.context.enrolments.enrol(request)


def to_request(wish: EnrolInput, learner: LearnerId) -> EnrolRequest | Refusal:
    """Return the wish in our own ids, or the refusal of one that names nothing.

    Raises BAD_USER_INPUT for a key that cannot be kept.
    """
    key = checked_key(wish.idempotency_key)
    offering_id = plain_id(NodeKind.OFFERING, wish.offering_id)
    if offering_id is None:
        return _not_found("offering", "offeringId")
    session = given(wish.session_id)
    session_id = None if session is None else plain_id(NodeKind.SESSION, session)
    if session is not None and session_id is None:
        return _not_found("session", "sessionId")
    return EnrolRequest(
        learner=learner,
        offering_id=OfferingId(offering_id),
        session_id=None if session_id is None else SessionId(session_id),
        idempotency_key=key,
        expected_price=given(wish.expected_price),
    )


def _not_found(thing: str, field: str) -> Refusal:
    return Refusal(EnrolErrorCode.NOT_FOUND, f"There is no such {thing}.", ("input", field))
