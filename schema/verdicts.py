"""The dry run of `enrol`: what every rule says, and nothing is written."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.access import the_learner
from schema.context import Info
from schema.model.enrolment import EnrolRequest
from schema.model.enrolment import EnrolVerdict as EnrolVerdictRecord
from schema.mutation import to_offering_id, to_session_id
from schema.paging import given
from schema.types.described import argument
from schema.types.enrolments import EnrolVerdict
from schema.types.scalars import BigInt


@strawberry.type
class VerdictQuery:
    """The entry point for trying."""

    @strawberry.field(
        description="What every rule of the programme says if the viewer enrols now, in the order "
        "in which `enrol` judges; `enrol` answers the first that is REFUSED. Nothing is recorded, "
        "and seats may be gone a moment later.",
        graphql_type=list[EnrolVerdict],
    )
    async def enrolment_verdicts(
        self,
        info: Info,
        offering_id: Annotated[strawberry.ID, argument("The offering to take.")],
        session_id: Annotated[
            strawberry.ID | None, argument("The session to attend, if there are sessions.")
        ] = UNSET,
        expected_price: Annotated[
            BigInt | None, argument("The price that the learner was shown.")
        ] = UNSET,
    ) -> Sequence[EnrolVerdictRecord]:
        """Judge a wish without recording it; an id that names nothing is NOT_FOUND."""
        request = EnrolRequest(
            learner=the_learner(info.context.viewer),
            offering_id=to_offering_id(offering_id),
            session_id=to_session_id(given(session_id)),
            idempotency_key="",  # nothing is recorded under it
            expected_price=given(expected_price),
        )
        return await info.context.enrolments.read_verdicts(request)
