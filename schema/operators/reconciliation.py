"""Operators see whether partners' statements and the money agree with our record."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema import ports
from schema.context import Info
from schema.model import reconciliation as records
from schema.model.values import PartnerCode
from schema.operators.actors import to_actor, to_reason
from schema.paging import DEFAULT_SIZE, After, First, checked_cursors, given, to_window
from schema.types.connections import Connection
from schema.types.described import argument
from schema.types.reconciliation import (
    Reconciliation,
    StartReconciliationInput,
    StartReconciliationPayload,
)

OfPartner = Annotated[str | None, argument("Only this partner's, by its code.")]
Since = Annotated[date | None, argument("The first day; null for all.")]
Until = Annotated[date | None, argument("The last day; null for all.")]


@strawberry.type
class ReconciliationQuery:
    """What operators ask about reconciliation."""

    @strawberry.field(
        description="Partners' days as they were last compared, the latest first; for operators. "
        "`reconciliationsConnection` pages on.",
        graphql_type=list[Reconciliation],
    )
    async def reconciliations(
        self,
        info: Info,
        *,
        partner: OfPartner = UNSET,
        since: Since = UNSET,
        until: Until = UNSET,
        first: First = DEFAULT_SIZE,
    ) -> Sequence[records.Reconciliation]:
        """List reports."""
        asked = (given(partner), given(since), given(until))
        return (await _read_reports(info, to_window(first), *asked)).nodes

    @strawberry.field(
        description="The same as `reconciliations`, a page at a time.",
        graphql_type=Connection[Reconciliation],
    )
    async def reconciliations_connection(
        self,
        info: Info,
        *,
        partner: OfPartner = UNSET,
        since: Since = UNSET,
        until: Until = UNSET,
        first: First = UNSET,
        after: After = UNSET,
    ) -> ports.Slice[records.Reconciliation]:
        """Page through reports."""
        window = to_window(first, after)
        return await _read_reports(info, window, given(partner), given(since), given(until))


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
        wanted = records.ReconcileWish(
            PartnerCode(wish.partner), wish.day, by, to_reason(wish.reason)
        )
        return await info.context.reconciliations.start(wanted)


async def _read_reports(
    info: Info,
    window: ports.Window,
    partner: str | None,
    since: date | None,
    until: date | None,
) -> ports.Slice[records.Reconciliation]:
    """Return reports.  Raises BAD_USER_INPUT."""
    code = PartnerCode(partner) if partner is not None else None
    with checked_cursors():
        return await info.context.reconciliations.read_reports(window, code, since, until)
