"""Blocking, lifting and approving: operators only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema import ports
from schema.context import Info
from schema.errors import bad_user_input
from schema.ids import NodeKind, plain_id
from schema.model import blocks as records
from schema.model.values import CourseId, DeliveryMode, InstitutionId, OfferingId, PartnerCode
from schema.operators.actors import to_actor
from schema.paging import MAX_SIZE, checked_size, given
from schema.redaction import redacted
from schema.types.blocks import (
    NODE_KINDS,
    ApprovalPayload,
    ApproveOfferingsInput,
    Block,
    BlockCoursesInput,
    BlockPayload,
    LiftBlockInput,
    PendingApprovals,
    RevokeApprovalInput,
)
from schema.types.described import argument

LONGEST_TEXT = 500
MOST_OFFERINGS = 1_000  # in one decision

_SCOPE = records.BlockScope
_CODE = records.BlockErrorCode


@strawberry.type(description="What operators ask of blocks and approvals.")
class BlockQuery:
    """Fields of the query root."""

    @strawberry.field(
        description="The central blocks, newest first; operators only.", graphql_type=list[Block]
    )
    async def blocks(
        self,
        info: Info,
        *,
        active: Annotated[
            bool | None, argument("Only those that stand, or only lifted ones; null for all.")
        ] = UNSET,
    ) -> Sequence[records.Block]:
        """List the blocks."""
        return await info.context.blocks.read_blocks(active=given(active))

    @strawberry.field(
        description="What partners list and the programme has not approved yet; operators only.",
        graphql_type=PendingApprovals,
    )
    async def pending_approvals(
        self,
        info: Info,
        *,
        partner: Annotated[str | None, argument("One partner's code; null for all.")] = UNSET,
        first: Annotated[int | None, argument(f"How many to show, 1 to {MAX_SIZE}.")] = MAX_SIZE,
    ) -> records.PendingOfferings:
        """List what waits for approval."""
        limit = checked_size("first", MAX_SIZE if first is None else first)
        code = given(partner)
        return await info.context.approvals.read_pending(
            None if code is None else PartnerCode(code), limit
        )


@strawberry.type(description="What operators change about blocks and approvals.")
class BlockMutation:
    """Fields of the mutation root."""

    @strawberry.mutation(
        description="Take courses off sale in every process at once, or from a set time on; "
        "existing enrolments stay. The same scope, value and letter again is the same block.",
        graphql_type=BlockPayload,
    )
    async def block_courses(
        self,
        info: Info,
        wanted: Annotated[
            BlockCoursesInput, argument("Which courses to block, and why.", name="input")
        ],
    ) -> records.BlockOutcome:
        """Make a block."""
        by = to_actor(info.context.viewer)
        wish = to_wish(
            records.BlockWish(
                wanted.scope,
                given(wanted.value) or "",
                wanted.reason,
                wanted.letter,
                given(wanted.effective_at),
            ),
            info.context.catalogue,
            info.context.partners,
        )
        if isinstance(wish, records.BlockRefusal):
            return records.BlockOutcome(None, (wish,))
        return await info.context.blocks.block(wish, by)

    @strawberry.mutation(
        description="Put back on sale what a block took off; operators only.",
        graphql_type=BlockPayload,
    )
    async def lift_block(
        self,
        info: Info,
        wanted: Annotated[LiftBlockInput, argument("Which block to lift, and why.", name="input")],
    ) -> records.BlockOutcome:
        """Lift a block."""
        by = to_actor(info.context.viewer)
        if not _is_text(wanted.reason):
            return records.BlockOutcome(None, (_bad_text("reason"),))
        number = wanted.block_id if wanted.block_id.isascii() and wanted.block_id.isdigit() else ""
        if not 1 <= len(number) <= 9:  # noqa: PLR2004 - what an integer column holds
            refusal = _refusal(_CODE.NOT_FOUND, "There is no such block.", "blockId")
            return records.BlockOutcome(None, (refusal,))
        return await info.context.blocks.lift(int(number), _kept(wanted.reason), by)

    @strawberry.mutation(
        description="Let offerings be shown and sold; operators only.",
        graphql_type=ApprovalPayload,
    )
    async def approve_offerings(
        self,
        info: Info,
        wanted: Annotated[
            ApproveOfferingsInput, argument("Which offerings to approve.", name="input")
        ],
    ) -> records.ApprovalOutcome:
        """Approve offerings."""
        by = to_actor(info.context.viewer)
        partner = given(wanted.partner)
        if partner is not None and info.context.partners.status(PartnerCode(partner)) is None:
            message = "There is no such partner; `partners { code }` lists them."
            return records.ApprovalOutcome(0, (_refusal(_CODE.NOT_FOUND, message, "partner"),))
        return await _decide(
            info,
            given(wanted.offering_ids) or [],
            records.Decision(
                records.Approval.APPROVED,
                by,
                _kept(given(wanted.reason) or "")[:LONGEST_TEXT],
                partner=None if partner is None else PartnerCode(partner),
            ),
        )

    @strawberry.mutation(
        description="Take offerings off sale until they are approved again; operators only.",
        graphql_type=ApprovalPayload,
    )
    async def revoke_approval(
        self,
        info: Info,
        wanted: Annotated[RevokeApprovalInput, argument("Which offerings, and why.", name="input")],
    ) -> records.ApprovalOutcome:
        """Revoke approvals."""
        by = to_actor(info.context.viewer)
        if not _is_text(wanted.reason):
            return records.ApprovalOutcome(0, (_bad_text("reason"),))
        decision = records.Decision(records.Approval.REVOKED, by, _kept(wanted.reason))
        return await _decide(info, wanted.offering_ids, decision)


async def _decide(
    info: Info, global_ids: Sequence[strawberry.ID], decision: records.Decision
) -> records.ApprovalOutcome:
    if len(global_ids) > MOST_OFFERINGS:
        raise bad_user_input(f"at most {MOST_OFFERINGS} offerings at a time; split them")
    ids = [plain_id(NodeKind.OFFERING, each) for each in global_ids]
    if None in ids:
        refusal = _refusal(_CODE.NOT_FOUND, "One of the ids names no offering.", "offeringIds")
        return records.ApprovalOutcome(0, (refusal,))
    chosen = tuple(OfferingId(each) for each in ids if each is not None)
    changed = await info.context.approvals.decide(replace(decision, offerings=chosen))
    return records.ApprovalOutcome(changed)


def to_wish(
    wish: records.BlockWish, catalogue: ports.CatalogueReader, partners: ports.PartnerDirectory
) -> records.BlockWish | records.BlockRefusal:
    """Return the wish in our own ids, or the refusal of one that names nothing."""
    for field in ("reason", "letter"):
        if not _is_text(getattr(wish, field)):
            return _bad_text(field)
    if _is_out_of_calendar(wish.effective_at):
        return _refusal(_CODE.INVALID_VALUE, "This time is out of reach.", "effectiveAt")
    value = _to_value(wish.scope, wish.value.strip(), catalogue, partners)
    if value is None:
        message = f"There is no such {wish.scope.lower().replace('_', ' ')}."
        return _refusal(_CODE.NOT_FOUND, message, "value")
    return replace(wish, value=value, reason=_kept(wish.reason), letter=wish.letter.strip())


def _to_value(
    scope: records.BlockScope,
    value: str,
    catalogue: ports.CatalogueReader,
    partners: ports.PartnerDirectory,
) -> str | None:
    """Return the stored form of a block's value, or None if it names nothing."""
    if scope is _SCOPE.BUNDLE:
        return None if value else records.EVERY_BUNDLE
    if scope in NODE_KINDS:
        plain = plain_id(NODE_KINDS[scope], value)
        return plain if plain and _is_known(scope, plain, catalogue) else None
    if scope is _SCOPE.PARTNER:
        return value if partners.status(PartnerCode(value)) else None
    if scope is _SCOPE.DELIVERY_MODE:
        return value.upper() if value.upper() in DeliveryMode.__members__ else None
    return value if _is_text(value) else None


def _is_known(scope: records.BlockScope, plain: str, catalogue: ports.CatalogueReader) -> bool:
    if scope is _SCOPE.COURSE:
        return catalogue.course(CourseId(plain)) is not None
    if scope is _SCOPE.OFFERING:
        return catalogue.offering(OfferingId(plain)) is not None
    return catalogue.institution(InstitutionId(plain)) is not None


def _is_text(text: str) -> bool:
    return 0 < len(text.strip()) <= LONGEST_TEXT and text.strip().isprintable()


def _kept(reason: str) -> str:
    """Return a reason as it is kept for good: without what may be a national id."""
    return redacted(reason.strip())


def _is_out_of_calendar(moment: datetime | None) -> bool:
    return moment is not None and not 2000 <= moment.year <= 9000  # noqa: PLR2004 - zones shift it


def _bad_text(field: str) -> records.BlockRefusal:
    message = f"`{field}` is 1 to {LONGEST_TEXT} printable characters."
    return _refusal(_CODE.INVALID_VALUE, message, field)


def _refusal(code: records.BlockErrorCode, message: str, field: str) -> records.BlockRefusal:
    return records.BlockRefusal(code, message, ("input", field))
