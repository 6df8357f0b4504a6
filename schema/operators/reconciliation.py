"""Operators see whether partners' statements and the money agree with our record."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema.context import Info
from schema.model import reconciliation as records
from schema.model.values import PartnerCode
from schema.operators.actors import to_actor
from schema.paging import DEFAULT_SIZE, First, checked_size, given
from schema.types.described import argument
from schema.types.reconciliation import (
    Reconciliation,
    StartReconciliationInput,
    StartReconciliationPayload,
)


@strawberry.type
class ReconciliationQuery:
    """What operators ask about reconciliation."""

    @strawberry.field(
        description="Partners' days as they were last compared, the latest first; for operators.",
        graphql_type=list[Reconciliation],
    )
    async def reconciliations(
        self,
        info: Info,
        *,
        partner: Annotated[str | None, argument("Only this partner's, by its code.")] = UNSET,
        since: Annotated[date | None, argument("The first day; null for all.")] = UNSET,
        until: Annotated[date | None, argument("The last day; null for all.")] = UNSET,
        first: First = DEFAULT_SIZE,
    ) -> Sequence[records.Reconciliation]:
        """List reports."""
        size = checked_size("first", DEFAULT_SIZE if first is None else first)
        code = given(partner)
        return await info.context.reconciliations.read_reports(
            PartnerCode(code) if code is not None else None, given(since), given(until), size
        )


@strawberry.type
class ReconciliationMutation:
    """Fields of the mutation root."""

    @strawberry.mutation(
        description="Begin to compare a partner's day now, in the background; operators only.",
        graphql_type=StartReconciliationPayload,
    )
    async def start_reconciliation(
        self,
        info: Info,
        wish: Annotated[StartReconciliationInput, argument("Whose day, and which.", name="input")],
    ) -> records.ReconcileOutcome:
        """Begin one comparison."""
        by = to_actor(info.context.viewer)
        wanted = records.ReconcileWish(PartnerCode(wish.partner), wish.day, by)
        return await info.context.reconciliations.start(wanted)
