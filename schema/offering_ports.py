"""What enrolling needs of the catalogue, and the catalogue of enrolling."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schema.model.blocks import EVERY_BUNDLE, BlockScope, Targets
from schema.model.catalogue import Offering
from schema.model.values import (
    CourseId,
    EnrolmentMode,
    InstitutionId,
    Money,
    OfferingId,
    PartnerCode,
    RemoteId,
    SessionId,
)


@dataclass(frozen=True, slots=True)
class OfferingFact:
    """What enrolling needs to know of an offering, read from the store, not from memory.

    What is withdrawn or not approved is told, not hidden; what is blocked says the ledger.
    Until `good_until` enrolling may rest on it; None: however old it is.
    `former_ids` are those of courses and institutions that were merged into its own: a
    block on one of them holds.
    """

    offering: Offering
    course_id: CourseId
    withdrawn: bool
    fetched_at: datetime
    institution_id: InstitutionId | None = None
    approved: bool = True
    is_paused: bool = False  # its partner is, or has been suspended, or has left
    former_ids: tuple[str, ...] = ()
    good_until: datetime | None = None

    @property
    def targets(self) -> Targets:
        """What a block may name to hit it."""
        category, institution = self.offering.listed.category, self.institution_id
        return {
            BlockScope.COURSE: (self.course_id, *self.former_ids),
            BlockScope.OFFERING: (self.offering.id,),
            BlockScope.INSTITUTION: (*((institution,) if institution else ()), *self.former_ids),
            BlockScope.PARTNER: (self.offering.partner,),
            BlockScope.CATEGORY: (category.code,) if category else (),
            BlockScope.DELIVERY_MODE: (self.offering.delivery_mode.value,),
            BlockScope.BUNDLE: (EVERY_BUNDLE,) if self.offering.bundle else (),
        }

    @property
    def partner(self) -> PartnerCode:
        """The partner that sells it."""
        return self.offering.partner

    @property
    def key(self) -> RemoteId:
        """The partner's own key of the offering."""
        return self.offering.key

    @property
    def price(self) -> Money | None:
        """The price as last told."""
        return self.offering.price

    @property
    def mode(self) -> EnrolmentMode:
        """Where it is booked."""
        return self.offering.enrolment_mode


class OfferingFacts(Protocol):
    """The catalogue, as enrolling sees it: in SQL, so that it is never behind."""

    async def read_fact(self, offering_id: OfferingId) -> OfferingFact | None:
        """Return an offering with its sessions, or None if there never was one."""


class CodedOfferings(OfferingFacts, Protocol):
    """The same, for partners that name their offerings by public code."""

    async def read_fact_by_code(self, partner: PartnerCode, code: str) -> OfferingFact | None:
        """Return the offering of a partner that has a code (`schema.model.codes`)."""


class SeatCounts(Protocol):
    """Places taken through us that a partner may not have counted yet."""

    def taken(self, session_id: SessionId) -> int:
        """Return how many live enrolments hold a place of this session."""
