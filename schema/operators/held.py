"""The safety catch, for operators: see what is held, and decide."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.errors import bad_user_input
from schema.model import held as records
from schema.model.operating import LONGEST_REASON, ListVerdict
from schema.operators.actors import needed_reason, to_actor
from schema.types.described import argument
from schema.types.held import HeldSync, SyncDecisionPayload

RunId = Annotated[strawberry.ID, argument("The run that was shown, as `HeldSync.run` tells it.")]
Reason = Annotated[
    str | None,
    argument(
        f"Why, for the audit trail: 1 to {LONGEST_REASON} printable characters. It is needed: the "
        "schema calls it optional for clients of old, who are told so by BAD_USER_INPUT."
    ),
]
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
        return await info.context.held.read_held()


@strawberry.type
class HeldMutation:
    """What an operator decides about it."""

    @strawberry.mutation(
        description="Apply a held list exactly as it was read; operators only.",
        graphql_type=SyncDecisionPayload,
    )
    async def approve_sync(
        self, info: Info, run: RunId, reason: Reason = UNSET
    ) -> records.SyncDecision:
        """Apply a held list."""
        return await info.context.list_desk.decide(to_verdict(info, run, reason, is_approval=True))

    @strawberry.mutation(
        description="Discard a held list; the very same list is not asked about again. Operators "
        "only.",
        graphql_type=SyncDecisionPayload,
    )
    async def reject_sync(
        self, info: Info, run: RunId, reason: Reason = UNSET
    ) -> records.SyncDecision:
        """Discard a held list."""
        return await info.context.list_desk.decide(to_verdict(info, run, reason, is_approval=False))


def to_verdict(info: Info, run: str, reason: str | None, *, is_approval: bool) -> ListVerdict:
    """Return a decision as it is recorded.  Raises BAD_USER_INPUT."""
    actor = to_actor(info.context.viewer)
    return ListVerdict(to_run(run), is_approval, needed_reason(reason), actor)


def to_run(text: str) -> int:
    """Return the number of a run.  Raises BAD_USER_INPUT."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(LARGEST_RUN)):
        raise bad_user_input("`run` is a number, as `heldSyncs { run }` tells it")
    return min(int(text), LARGEST_RUN)
