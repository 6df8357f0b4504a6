"""Steering partners: read now, pause, resume; operators only."""

from typing import Annotated

import strawberry

from schema.context import Info
from schema.model.operating import (
    LONGEST_REASON,
    OrderErrorCode,
    OrderRefusal,
    PartnerCommand,
    PartnerOrder,
    PartnerOutcome,
)
from schema.model.values import PartnerCode
from schema.operators.actors import checked_reason, to_actor
from schema.types.described import argument
from schema.types.operating import PartnerOrderPayload

Code = Annotated[str, argument('The partner\'s code, such as "tokopedia".')]
Reason = Annotated[str, argument(f"Why, for the audit trail: 1 to {LONGEST_REASON} characters.")]


@strawberry.type
class PartnerMutation:
    """Fields of the mutation root."""

    @strawberry.mutation(
        description="Read a partner's list at the next opportunity, within seconds, instead of at "
        "its next turn; a reading that is under way already counts. `syncProgress` tells how it "
        "goes. Operators only.",
        graphql_type=PartnerOrderPayload,
    )
    async def sync_now(self, info: Info, partner: Code, reason: Reason) -> PartnerOutcome:
        """Have a list read."""
        return await _order(info, PartnerCommand.SYNC, partner, reason)

    @strawberry.mutation(
        description="Stop reading a partner's list and enrolling in its courses, until it is "
        "resumed; what it sells stays visible, and enrolments that exist go on. Operators only.",
        graphql_type=PartnerOrderPayload,
    )
    async def pause_partner(self, info: Info, partner: Code, reason: Reason) -> PartnerOutcome:
        """Pause a partner."""
        return await _order(info, PartnerCommand.PAUSE, partner, reason)

    @strawberry.mutation(
        description="Go on with a paused partner: its list is read at once. Operators only.",
        graphql_type=PartnerOrderPayload,
    )
    async def resume_partner(self, info: Info, partner: Code, reason: Reason) -> PartnerOutcome:
        """Resume a partner."""
        return await _order(info, PartnerCommand.RESUME, partner, reason)


async def _order(info: Info, command: PartnerCommand, partner: str, reason: str) -> PartnerOutcome:
    said = checked_reason(reason)
    if said is None:
        message = f"`reason` is 1 to {LONGEST_REASON} printable characters."
        refusal = OrderRefusal(OrderErrorCode.INVALID_VALUE, message, ("reason",))
        return PartnerOutcome(None, (refusal,))
    order = PartnerOrder(PartnerCode(partner), command, said, to_actor(info.context.viewer))
    return await info.context.partner_desk.order(order)
