"""Central blocks and approvals, as operators see them."""

from datetime import datetime

import strawberry
from strawberry import Parent

from schema.context import Info
from schema.ids import NodeKind, to_global_id
from schema.model import blocks as records
from schema.model import catalogue as catalogue_records
from schema.model.values import CourseId, InstitutionId, OfferingId, PartnerCode
from schema.types.described import described, enumerated, optional, presents
from schema.types.partners import Partner, partner_of
from schema.types.values import Money

NODE_KINDS = {
    records.BlockScope.COURSE: NodeKind.COURSE,
    records.BlockScope.OFFERING: NodeKind.OFFERING,
    records.BlockScope.INSTITUTION: NodeKind.INSTITUTION,
}

enumerated(
    records.BlockScope,
    {
        records.BlockScope.COURSE: "One course, whoever sells it; its global id.",
        records.BlockScope.OFFERING: "One partner's offering; its global id.",
        records.BlockScope.INSTITUTION: "An institution's courses; its global id.",
        records.BlockScope.PARTNER: "What a partner sells; its code.",
        records.BlockScope.CATEGORY: "A category; its code.",
        records.BlockScope.DELIVERY_MODE: "A way of giving courses; a `DeliveryMode`.",
        records.BlockScope.BUNDLE: "What partners sell as several courses in one; no value.",
    },
)
enumerated(
    records.BlockErrorCode,
    {
        records.BlockErrorCode.NOT_FOUND: "There is nothing of this name.",
        records.BlockErrorCode.INVALID_VALUE: "It cannot be recorded as it is; see the message.",
    },
)


def _value(block: Parent[records.Block]) -> str | None:
    if block.scope is records.BlockScope.BUNDLE:
        return None
    kind = NODE_KINDS.get(block.scope)
    return to_global_id(kind, block.value) if kind else block.value


def _label(block: Parent[records.Block], info: Info) -> str | None:
    """Return the name of what a block names, as far as it is still known."""
    catalogue = info.context.catalogue
    match block.scope:
        case records.BlockScope.COURSE:
            course = catalogue.course(CourseId(block.value))
            return course.title if course else None
        case records.BlockScope.OFFERING:
            offering = catalogue.offering(OfferingId(block.value))
            return offering.listed.title if offering else None
        case records.BlockScope.INSTITUTION:
            institution = catalogue.institution(InstitutionId(block.value))
            return institution.name if institution else None
        case records.BlockScope.PARTNER:
            status = info.context.partners.status(PartnerCode(block.value))
            return status.partner.name if status else None
        case _:
            return _value(block)


def _in_force(block: Parent[records.Block], info: Info) -> bool:
    return block.is_in_force(info.context.now)


@presents(records.Block)
class Block:
    """A central block: new enrolments are refused, existing ones stay as they are."""

    id: strawberry.ID = described("Its number.", lambda root: str(root.id))
    scope: records.BlockScope = described("By what it chooses offerings.")
    value: str | None = described("Which of them; null for bundles.", _value)
    label: str | None = described("The name of what it blocks, if we still know it.", _label)
    reason: str = described("Why, as learners are told.")
    letter: str = described("The letter that ordered it.")
    effective_at: datetime = described("From when on it is in force.")
    in_force: bool = described("Whether it is in force now.", _in_force)
    created_at: datetime = described("When it was recorded.")
    created_by: str = described("Who recorded it.")
    lifted_at: datetime | None = described("When it was lifted; null while it stands.")
    lifted_by: str | None = described("Who lifted it.")
    lift_reason: str | None = described("Why it was lifted.")


@strawberry.input(description="What to block, and why.")
class BlockCoursesInput:
    """What to block, and why."""

    scope: records.BlockScope = described("By what to choose offerings.")
    value: str | None = optional("Which of them, as the scope says; none for bundles.")
    reason: str = described("Why, in words that learners are told.")
    letter: str = described("The letter that orders it.")
    effective_at: datetime | None = optional("From when on; at once if not said.")


@strawberry.input(description="Which block to lift, and why.")
class LiftBlockInput:
    """Which block to lift, and why."""

    block_id: strawberry.ID = described("The block's `id`.")
    reason: str = described("Why it is lifted.")


@presents(records.BlockRefusal)
class BlockError:
    """Why a block was not made, or not lifted."""

    code: records.BlockErrorCode = described("The reason, for programs.")
    message: str = described("The reason, for people.")
    field: list[str] | None = described("The path of the input that it is about.")


@presents(records.BlockOutcome)
class BlockPayload:
    """What became of a block."""

    block: Block | None = described("The block as it stands; null if there is none.")
    user_errors: list[BlockError] = described(
        "Why it was refused; empty if it was not.", lambda root: root.refusals
    )


def _partner(
    pending: Parent[records.PendingOffering], info: Info
) -> catalogue_records.PartnerStatus:
    return partner_of(pending.partner, info)


@presents(records.PendingOffering)
class PendingApproval:
    """An offering that its partner lists and the programme has not approved yet."""

    offering_id: strawberry.ID = described(
        "Its id, for `approveOfferings`.",
        lambda root: to_global_id(NodeKind.OFFERING, root.offering_id),
    )
    partner: Partner = described("Who lists it.", _partner)
    title: str = described("What it is called.")
    institution: str = described("Who gives it, as the partner spells it.")
    price: Money | None = described("What it costs; null if not told.")
    listed_at: datetime = described("When the partner last changed it.")


@presents(records.PendingOfferings)
class PendingApprovals:
    """The offerings that wait for approval."""

    total_count: int = described("How many wait.", lambda root: root.total)
    nodes: list[PendingApproval] = described(
        "The first of them, longest waiting first.", lambda root: root.offerings
    )


@strawberry.input(description="Which offerings to approve.")
class ApproveOfferingsInput:
    """Which offerings to approve."""

    offering_ids: list[strawberry.ID] | None = optional("Their global ids.")
    partner: str | None = optional("The code of a partner of which all that wait are approved.")
    reason: str | None = optional("A note for the record.")


@strawberry.input(description="Which offerings are no longer approved, and why.")
class RevokeApprovalInput:
    """Which offerings are no longer approved, and why."""

    offering_ids: list[strawberry.ID] = described("Their global ids.")
    reason: str = described("Why.")


@presents(records.ApprovalOutcome)
class ApprovalPayload:
    """What became of a decision on offerings."""

    changed_count: int = described("How many offerings it changed.", lambda root: root.changed)
    user_errors: list[BlockError] = described(
        "Why it was refused; empty if it was not.", lambda root: root.refusals
    )
