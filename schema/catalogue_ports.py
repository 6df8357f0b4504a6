"""What resolvers need of the public catalogue: plain calls, answered from memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from schema.model.catalogue import Course, Institution, Offering, Session
from schema.model.values import (
    CourseId,
    CourseLevel,
    DeliveryMode,
    InstitutionId,
    OfferingId,
    PartnerCode,
    SessionId,
)
from schema.page_ports import Slice, Window
from schema.partner_ports import FreshOfferings


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

    __hash__ = str.__hash__  # what it inherits is Python, and asked for each course and facet

    PARTNER = "PARTNER"
    INSTITUTION = "INSTITUTION"
    CATEGORY = "CATEGORY"
    LEVEL = "LEVEL"
    DELIVERY_MODE = "DELIVERY_MODE"
    REGION = "REGION"
    LANGUAGE = "LANGUAGE"
    PRICE = "PRICE"


# These two are never changed, and not frozen because that doubles what making one takes.
@dataclass(slots=True, unsafe_hash=True)
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


@dataclass(slots=True)
class CourseQuery:
    """One question to the catalogue, without its paging."""

    search: str | None = None
    filter: CourseFilter = CourseFilter()  # noqa: RUF009 - nobody changes it
    sort: CourseSort = CourseSort.RELEVANCE


@dataclass(slots=True)  # not frozen: a page has a hundred, and freezing doubles what one takes
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
