"""What a client is told of as it happens."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.access import the_learner
from schema.context import Info
from schema.errors import bad_user_input
from schema.ids import NodeKind, plain_id
from schema.model.enrolment import Enrolment as EnrolmentRecord
from schema.model.syncing import SyncProgress as SyncProgressRecord
from schema.model.values import EnrolmentId, PartnerCode
from schema.paging import given
from schema.types.described import argument
from schema.types.enrolments import Enrolment
from schema.types.syncing import SyncProgress


@strawberry.type(description="Entry points for following.")
class Subscription:
    """The subscription root."""

    @strawberry.subscription(
        description="One of the viewer's enrolments as it stands, then at each change, until it "
        "has ended. Whose connection broke goes on with `after`, and misses no change.",
        graphql_type=Enrolment,
    )
    async def enrolment_changed(
        self,
        info: Info,
        *,
        global_id: Annotated[strawberry.ID, argument("Its id.", name="id")],
        after: Annotated[
            int | None,
            argument("The newest `version` that the client has; it is not told again."),
        ] = UNSET,
    ) -> AsyncIterator[EnrolmentRecord]:
        """Follow one enrolment."""
        learner = the_learner(info.context.viewer)
        enrolment_id = EnrolmentId(plain_id(NodeKind.ENROLMENT, global_id) or "")
        following = info.context.watch.follow(learner, enrolment_id, given(after) or 0)
        try:
            async with aclosing(following):  # who goes away is followed no longer
                async for each in following:
                    yield each
        except LookupError as exc:
            hint = "you have no such enrolment; list yours to find its id"
            raise bad_user_input(hint) from exc

    @strawberry.subscription(
        description="How far partners' lists are being read, for operators, until the client "
        "goes away.",
        graphql_type=SyncProgress,
    )
    async def sync_progress(
        self,
        info: Info,
        partner: Annotated[
            str | None, argument("One partner's code; without it, everybody's lists.")
        ] = UNSET,
    ) -> AsyncIterator[SyncProgressRecord]:
        """Follow syncs."""
        code = PartnerCode(partner) if partner else None
        if code is not None and info.context.partners.status(code) is None:
            raise bad_user_input("there is no such partner; `partners { code }` lists them")
        async with aclosing(info.context.syncs.follow(code)) as following:
            async for each in following:
                yield each
