"""What resolvers need, as Protocols that the gateway implements.

Reads of the public catalogue are plain calls: they are answered from memory.
What touches the ledger is `async`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from schema.model.blocks import EVERY_BUNDLE, BlockScope, Targets
from schema.model.catalogue import (
    Course,
    Freshness,
    Institution,
    Offering,
    PartnerStatus,
    Session,
)
from schema.model.enrolment import (
    Enrolment,
    EnrolmentEvent,
    EnrolmentStatus,
    EnrolOutcome,
    EnrolRequest,
    EnrolVerdict,
)
from schema.model.values import (
    CourseId,
    CourseLevel,
    DeliveryMode,
    EnrolmentId,
    EnrolmentMode,
    InstitutionId,
    LearnerId,
    Money,
    OfferingId,
    PartnerCode,
    RemoteId,
    SessionId,
)


class CourseSort(StrEnum):
    """In which order courses come."""

    RELEVANCE = "RELEVANCE"
    PRICE_ASC = "PRICE_ASC"
    PRICE_DESC = "PRICE_DESC"
    STARTS_SOONEST = "STARTS_SOONEST"
    NEWEST = "NEWEST"
    RATING = "RATING"
    TITLE = "TITLE"


class FacetName(StrEnum):
    """By what a result can be narrowed."""

    PARTNER = "PARTNER"
    INSTITUTION = "INSTITUTION"
    CATEGORY = "CATEGORY"
    LEVEL = "LEVEL"
    DELIVERY_MODE = "DELIVERY_MODE"
    REGION = "REGION"
    LANGUAGE = "LANGUAGE"
    PRICE = "PRICE"


@dataclass(frozen=True, slots=True)
class CourseFilter:
    """What a course must be; fields are and-ed, the values of one field are or-ed.

    None and an empty tuple both mean "any".  Prices are rupiah, both ends inclusive.
    """

    partners: tuple[PartnerCode, ...] = ()
    institutions: tuple[InstitutionId, ...] = ()
    categories: tuple[str, ...] = ()
    levels: tuple[CourseLevel, ...] = ()
    delivery_modes: tuple[DeliveryMode, ...] = ()
    languages: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    price_min: int | None = None
    price_max: int | None = None
    starts_after: datetime | None = None
    starts_before: datetime | None = None
    available_only: bool = False


@dataclass(frozen=True, slots=True)
class CourseQuery:
    """One question to the catalogue, without its paging."""

    search: str | None = None
    filter: CourseFilter = CourseFilter()
    sort: CourseSort = CourseSort.RELEVANCE


class BadCursorError(ValueError):
    """The cursor is not one that this question gave out."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of an ordered list is asked for: Relay's four arguments, checked.

    Exactly one of `first` and `last` is set, from 0 to 100.
    """

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """Part of an ordered list: the records, a cursor for each, and what lies around them."""

    nodes: Sequence[T]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    total: int


@dataclass(frozen=True, slots=True)
class FacetBucket:
    """How many courses have one value; `value` is what `CourseFilter` accepts.

    For INSTITUTION it is the plain institution id: the GraphQL layer makes it global.
    PRICE buckets are "min-max" in rupiah, "min-" for the last ("0-0" is free).
    """

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """The buckets of one facet, fullest first."""

    name: FacetName
    buckets: Sequence[FacetBucket]


@dataclass(frozen=True, slots=True)
class MissingPartner:
    """A partner whose part of an answer may be out of date, and since when."""

    partner: PartnerStatus
    reason: str
    since: datetime | None = None
    last_good_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether an answer rests on fresh facts from every partner that it concerns."""

    missing: Sequence[MissingPartner]


@dataclass(frozen=True, slots=True)
class FreshOfferings:
    """Which offerings are fresh enough: of these partners, but for those held back."""

    partners: frozenset[PartnerCode]
    held_back: frozenset[OfferingId] = frozenset()

    def __contains__(self, offering: Offering) -> bool:
        """Return whether what we say of an offering is fresh enough."""
        return offering.partner in self.partners and offering.id not in self.held_back


class CatalogueReader(Protocol):
    """The public catalogue, one consistent snapshot per instance; never asks a partner."""

    @property
    def revision(self) -> int:
        """The catalogue revision that this snapshot shows."""

    def course(self, course_id: CourseId) -> Course | None:
        """Return a course, withdrawn ones too."""

    def offering(self, offering_id: OfferingId) -> Offering | None:
        """Return an offering, withdrawn ones too."""

    def session(self, session_id: SessionId) -> Session | None:
        """Return a session, withdrawn ones too."""

    def institution(self, institution_id: InstitutionId) -> Institution | None:
        """Return an institution."""

    def course_of(self, offering_id: OfferingId) -> Course:
        """Return the course that a known offering sells; raises `KeyError` for unknown ones."""

    def institution_partners(self, institution_id: InstitutionId) -> Sequence[PartnerCode]:
        """Return the partners that sell an institution's courses, in directory order."""

    def courses(self, query: CourseQuery, window: Window) -> Slice[Course]:
        """Return part of the live courses that match.  Raises `BadCursorError`."""

    def facets(self, query: CourseQuery) -> Sequence[Facet]:
        """Count the matching courses by value; each facet without its own filter."""

    def only(self, fresh: FreshOfferings) -> "CatalogueReader":
        """Return a reader whose `courses` and `facets` know of fresh offerings alone.

        Searching, filters and orders go by the whole course; `partners` is and-ed.
        """

    def institutions(self, search: str | None, window: Window) -> Slice[Institution]:
        """Return part of the institutions with live courses, by name.  Raises `BadCursorError`."""

    def institution_courses(self, institution_id: InstitutionId, window: Window) -> Slice[Course]:
        """Return part of an institution's live courses, by title.  Raises `BadCursorError`."""


class PartnerDirectory(Protocol):
    """The partners, and how each stands now."""

    def statuses(self) -> Sequence[PartnerStatus]:
        """Return every partner, in the order of the partners files."""

    def status(self, code: PartnerCode) -> PartnerStatus | None:
        """Return one partner, or None."""

    def freshness(self, code: PartnerCode) -> Freshness:
        """Return how old what we know of this partner's catalogue is, as of now."""

    def offering_freshness(self, offering: Offering) -> Freshness:
        """Return how old what we know of an offering is: its row may be held back."""

    def fresh_since(self, oldest: datetime) -> FreshOfferings:
        """Return which offerings were read at `oldest` or later."""

    def coverage(self, partners: Sequence[PartnerCode], oldest: datetime | None = None) -> Coverage:
        """Return which of `partners` (empty: of all) are not fresh, or older than `oldest`."""


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


class Enrolments(Protocol):
    """The central record of enrolments, as one learner sees it."""

    async def enrol(self, request: EnrolRequest) -> EnrolOutcome:
        """Record a wish to enrol, or say why not."""

    async def read_verdicts(self, request: EnrolRequest) -> Sequence[EnrolVerdict]:
        """Return what every rule says of a wish, in order, and record nothing."""

    async def read_enrolment(
        self, learner: LearnerId, enrolment_id: EnrolmentId
    ) -> Enrolment | None:
        """Return an enrolment of this learner; None if absent or another's."""

    async def read_enrolments(
        self, learner: LearnerId, window: Window, statuses: Sequence[EnrolmentStatus]
    ) -> Slice[Enrolment]:
        """Return part of a learner's enrolments, newest first.  Raises `BadCursorError`."""

    async def read_events(self, enrolment_id: EnrolmentId) -> Sequence[EnrolmentEvent]:
        """Return what happened to an enrolment, oldest first."""

    async def read_balance(self, learner: LearnerId) -> Money:
        """Return what the training account can still spend."""
