"""Central blocks and approvals: what the programme has taken off sale, and what it lets on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schema.model.values import CourseId, Money, OfferingId, PartnerCode


class BlockScope(StrEnum):
    """By what a block chooses its offerings."""

    COURSE = "COURSE"
    OFFERING = "OFFERING"
    INSTITUTION = "INSTITUTION"
    PARTNER = "PARTNER"
    CATEGORY = "CATEGORY"
    DELIVERY_MODE = "DELIVERY_MODE"
    BUNDLE = "BUNDLE"


EVERY_BUNDLE = "*"  # the value of a block on bundles, which names none

Targets = Mapping[BlockScope, Sequence[str]]  # what of each scope an offering belongs to


@dataclass(frozen=True, slots=True)
class BlockWish:
    """What an operator wants to block; without `effective_at`: at once."""

    scope: BlockScope
    value: str
    reason: str
    letter: str
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A central block as recorded; it is never deleted, only lifted."""

    id: int
    scope: BlockScope
    value: str
    reason: str
    letter: str
    effective_at: datetime
    created_at: datetime
    created_by: str
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lift_reason: str | None = None

    @property
    def is_lifted(self) -> bool:
        """Whether it has been lifted."""
        return self.lifted_at is not None

    def is_in_force(self, now: datetime) -> bool:
        """Return whether it stops enrolments now.

        One that was to begin at once is in force for clocks that are behind, too.
        """
        return not self.is_lifted and self.effective_at <= max(now, self.created_at)


class BlockErrorCode(StrEnum):
    """Why a block was not made, or not lifted."""

    NOT_FOUND = "NOT_FOUND"
    INVALID_VALUE = "INVALID_VALUE"


@dataclass(frozen=True, slots=True)
class BlockRefusal:
    """One reason why not; `field` is the path of the input that it is about."""

    code: BlockErrorCode
    message: str
    field: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class BlockOutcome:
    """What became of an operator's wish: the block, or the reasons why there is none."""

    block: Block | None
    refusals: tuple[BlockRefusal, ...] = ()


class Approval(StrEnum):
    """Whether the programme lets an offering be shown and sold."""

    APPROVED = "APPROVED"
    PENDING = "PENDING"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class PendingOffering:
    """An offering that its partner lists and the programme has not approved yet."""

    offering_id: OfferingId
    course_id: CourseId
    partner: PartnerCode
    title: str
    institution: str
    price: Money | None
    listed_at: datetime


@dataclass(frozen=True, slots=True)
class PendingOfferings:
    """How many offerings wait for approval, and the first of them."""

    total: int
    offerings: tuple[PendingOffering, ...]


@dataclass(frozen=True, slots=True)
class ApprovalOutcome:
    """How many offerings a decision changed, or the reasons why it was not carried out."""

    changed: int
    refusals: tuple[BlockRefusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """An operator's decision on offerings: those named, or all that wait of one partner."""

    approval: Approval
    by: str
    reason: str
    offerings: tuple[OfferingId, ...] = ()
    partner: PartnerCode | None = None
