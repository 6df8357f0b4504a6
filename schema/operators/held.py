"""The safety catch, for operators: see what is held, and decide."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from schema.access import checked_operator
from schema.context import Info
from schema.errors import bad_user_input
from schema.model import held as records
from schema.operators.blocks import to_actor
from schema.types.described import argument
from schema.types.held import HeldSync, SyncDecisionPayload

RunId = Annotated[strawberry.ID, argument("The run that was shown, as `HeldSync.run` tells it.")]
LARGEST_RUN = 2**31 - 1


@strawberry.type
class HeldQuery:
    """What is held."""

    @strawberry.field(
        description="The partners' lists that wait for a decision, the longest first; operators "
        "only.",
        graphql_type=list[HeldSync],
    )
    async def held_syncs(self, info: Info) -> Sequence[records.HeldSync]:
        """List what is held."""
        checked_operator(info.context.viewer)
        return await info.context.held.read_held()


@strawberry.type
class HeldMutation:
    """What an operator decides about it."""

    @strawberry.mutation(
        description="Apply a held list exactly as it was read; operators only.",
        graphql_type=SyncDecisionPayload,
    )
    async def approve_sync(self, info: Info, run: RunId) -> records.SyncDecision:
        """Apply a held list."""
        by = to_actor(checked_operator(info.context.viewer))
        return await info.context.held.approve(to_run(run), by)

    @strawberry.mutation(
        description="Discard a held list; the very same list is not asked about again. Operators "
        "only.",
        graphql_type=SyncDecisionPayload,
    )
    async def reject_sync(self, info: Info, run: RunId) -> records.SyncDecision:
        """Discard a held list."""
        by = to_actor(checked_operator(info.context.viewer))
        return await info.context.held.reject(to_run(run), by)


def to_run(text: str) -> int:
    """Return the number of a run.  Raises BAD_USER_INPUT."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST_RUN)):
        raise bad_user_input("`run` is a number, as `heldSyncs { run }` tells it")
    return min(int(text), LARGEST_RUN)
