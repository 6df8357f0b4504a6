"""The catalogue's records: what is taught, by whom, as who sells it, when and where.

An adapter makes `Offering`s (with the partner's own words about the course in
`Offering.listed`); the gateway joins them into `Course`s.
"""

from dataclasses import dataclass, field
from datetime import datetime

from schema.model.values import (
    CourseId,
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    FreshnessState,
    InstitutionId,
    Money,
    OfferingId,
    PartnerCode,
    PartnerHealth,
    PartnerKind,
    PartnerState,
    RemoteId,
    SessionId,
    derived_id,
)


@dataclass(frozen=True, slots=True)
class Category:
    """A subject; `code` is the folded name in kebab-case ("teknologi-informasi")."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Venue:
    """Where a session is held; `region_code` is the official code ("31.71"), if told."""

    name: str | None = None
    address: str | None = None
    region_code: str | None = None
    region_name: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A dated, perhaps placed, run of an offering.

    Times are aware and keep the zone in which they were published (`tzinfo` is a
    `ZoneInfo`).  `capacity` and `seats_left` None mean not told; `unlimited` says
    that there is no limit.  `purchase_ends_at` is the programme's word, not the partner's: the
    gateway adds it to what it shows.
    """

    partner: PartnerCode
    key: RemoteId
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    enrolment_ends_at: datetime | None = None
    venue: Venue | None = None
    capacity: int | None = None
    seats_left: int | None = None
    unlimited: bool = False
    enrolment_starts_at: datetime | None = None
    purchase_ends_at: datetime | None = None
    id: SessionId = field(init=False)

    def __post_init__(self) -> None:
        """Derive the id, and refuse times without a zone."""
        for name in ("starts_at", "ends_at", "enrolment_starts_at", "enrolment_ends_at"):
            moment: datetime | None = getattr(self, name)
            if moment is not None and moment.utcoffset() is None:
                raise ValueError(f"session {self.key}: {name} has no time zone")
        object.__setattr__(self, "id", SessionId(derived_id(self.partner, "session", self.key)))


@dataclass(frozen=True, slots=True)
class ListedCourse:
    """What one partner says of the course it sells; the gateway joins equal ones.

    `institution` is the name as the partner spells it.  `description_html` is as
    received: hostile until the gateway has cleaned it.
    """

    title: str
    institution: str
    summary: str | None = None
    description_html: str | None = None
    category: Category | None = None
    level: CourseLevel = CourseLevel.UNKNOWN
    languages: tuple[str, ...] = ("id",)
    duration_minutes: int | None = None
    rating: float | None = None
    rating_count: int | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownTerm:
    """A word of a partner's vocabulary that we could not map; kept, counted, shown as UNKNOWN."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Offering:
    """The sale of a course by one partner.

    `price` None means not told; an amount of 0 is free.  `list_price` is the price
    before a discount, when it differs.  `bundle` says that the partner sells several courses
    as one, in its own words: it is never guessed from a title.
    """

    partner: PartnerCode
    key: RemoteId
    listed: ListedCourse
    price: Money | None = None
    list_price: Money | None = None
    delivery_mode: DeliveryMode = DeliveryMode.UNKNOWN
    enrolment_mode: EnrolmentMode = EnrolmentMode.LINK
    url: str | None = None
    sessions: tuple[Session, ...] = ()
    unknown_terms: tuple[UnknownTerm, ...] = ()
    bundle: bool = False
    id: OfferingId = field(init=False)

    def __post_init__(self) -> None:
        """Derive the id."""
        object.__setattr__(self, "id", OfferingId(derived_id(self.partner, "offering", self.key)))


@dataclass(frozen=True, slots=True)
class Institution:
    """The training institution (*lembaga pelatihan*) that gives a course."""

    id: InstitutionId
    name: str


@dataclass(frozen=True, slots=True)
class Course:
    """What is taught: one course, however many partners sell it.

    `offerings` are the live ones, cheapest first; a withdrawn course has none but
    still resolves, for the enrolments that refer to it.
    """

    id: CourseId
    title: str
    institution: Institution
    summary: str | None = None
    description_html: str | None = None
    category: Category | None = None
    level: CourseLevel = CourseLevel.UNKNOWN
    languages: tuple[str, ...] = ()
    duration_minutes: int | None = None
    lowest_price: Money | None = None
    delivery_modes: tuple[DeliveryMode, ...] = ()
    offerings: tuple[Offering, ...] = ()
    rating: float | None = None
    rating_count: int | None = None
    image_url: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what we say is: when it was fetched, and why it is not newer."""

    state: FreshnessState
    fetched_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """A digital platform that sells courses."""

    code: PartnerCode
    name: str
    kind: PartnerKind
    state: PartnerState = PartnerState.ACTIVE


@dataclass(frozen=True, slots=True)
class PartnerStatus:
    """How a partner stands now: changes with every sync, unlike `Partner`."""

    partner: Partner
    health: PartnerHealth
    freshness: Freshness
    offering_count: int = 0
    failing_since: datetime | None = None
