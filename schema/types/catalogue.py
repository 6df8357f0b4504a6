"""Courses, who gives them and who sells them: the public catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import strawberry
from strawberry import UNSET, Parent

from schema import ports
from schema.availability import course_availability, is_upcoming
from schema.context import Info
from schema.errors import bad_user_input
from schema.ids import NodeKind
from schema.loaders import MOST_QUOTES
from schema.model import catalogue as records
from schema.model.codes import public_code
from schema.model.quotes import KnownQuote
from schema.model.values import Availability, CourseLevel, DeliveryMode, EnrolmentMode
from schema.paging import (
    DEFAULT_SIZE,
    After,
    First,
    checked_cursors,
    checked_size,
    given,
    to_window,
)
from schema.search_ports import Snippet as SnippetRecord
from schema.types.connections import Connection, EdgeRecord
from schema.types.described import argument, described, presents, read
from schema.types.node import Node, global_id
from schema.types.partners import Coverage, Partner, partner_of
from schema.types.search import Facet, Snippet
from schema.types.sessions import Session
from schema.types.values import Category, Freshness, Money, Quote

MaxAge = Annotated[
    int | None,
    argument(
        "Leave out offerings that were last read longer ago than so many seconds; null for none."
    ),
]
QUOTE_COST = 50  # it is the one read that calls partners
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class CourseSlice(ports.Slice[records.Course]):
    """Part of the courses with the question they answer, so that facets count only when asked."""

    query: ports.CourseQuery
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class CourseEdgeRecord(EdgeRecord):
    """A course's place in an answer, with what was looked for."""

    search: str | None = None


def answer(
    query: ports.CourseQuery, part: ports.Slice[records.Course], oldest: datetime | None = None
) -> CourseSlice:
    """Return `part` as the answer to `query` with nothing older than `oldest`."""
    return CourseSlice(
        part.nodes, part.cursors, part.has_next, part.has_previous, part.total, query, oldest
    )


def to_oldest(max_age: int | None, info: Info) -> datetime | None:
    """Return the instant that `maxAge` reaches back to.  Raises BAD_USER_INPUT."""
    seconds = given(max_age)
    if seconds is None:
        return None
    if seconds < 0:
        raise bad_user_input(f"`maxAge` is seconds back from now, 0 or more, not {seconds}")
    return info.context.now - timedelta(seconds=seconds)


def reader_of(oldest: datetime | None, info: Info) -> ports.CatalogueReader:
    """Return the catalogue, with what was read at `oldest` or later if that is asked for."""
    if oldest is None:
        return info.context.catalogue
    return info.context.catalogue.only(info.context.partners.fresh_since(oldest))


def _facets(found: Parent[CourseSlice], info: Info) -> Sequence[ports.Facet]:
    return reader_of(found.oldest, info).facets(found.query)


def _coverage(found: Parent[CourseSlice], info: Info) -> ports.Coverage:
    return info.context.partners.coverage(found.query.filter.partners, found.oldest)


def _edges(found: Parent[CourseSlice]) -> Sequence[CourseEdgeRecord]:
    pairs = zip(found.nodes, found.cursors, strict=True)
    return [CourseEdgeRecord(node, cursor, found.query.search) for node, cursor in pairs]


def _snippet(edge: Parent[CourseEdgeRecord], info: Info) -> SnippetRecord | None:
    return info.context.search.snippet(edge.node, edge.search) if edge.search else None


async def _description(course: Parent[records.Course], info: Info) -> str | None:
    return await info.context.descriptions.load(course.id)


def _revision(info: Info) -> str:
    return str(info.context.catalogue.revision)


def _institution_courses(
    institution: Parent[records.Institution],
    info: Info,
    *,
    first: First = UNSET,
    after: After = UNSET,
) -> CourseSlice:
    query = ports.CourseQuery(
        filter=ports.CourseFilter(institutions=(institution.id,)), sort=ports.CourseSort.TITLE
    )
    window = to_window(first, after)
    with checked_cursors():
        return answer(query, info.context.catalogue.institution_courses(institution.id, window))


def _institution_partners(
    institution: Parent[records.Institution], info: Info
) -> list[records.PartnerStatus]:
    codes = info.context.catalogue.institution_partners(institution.id)
    return [partner_of(code, info) for code in codes]


def _course_availability(course: Parent[records.Course], info: Info) -> Availability:
    context = info.context
    return course_availability(course, context.seats.taken, context.now, context.partners.closed)


def _course(offering: Parent[records.Offering], info: Info) -> records.Course:
    return info.context.catalogue.course_of(offering.id)


def _partner(offering: Parent[records.Offering], info: Info) -> records.PartnerStatus:
    code = offering.partner
    return info.context.partners.status(code) or partner_of(code, info)


def _freshness(offering: Parent[records.Offering], info: Info) -> records.Freshness:
    return info.context.partners.offering_freshness(offering)


async def _quote(offering: Parent[records.Offering], info: Info) -> KnownQuote | None:
    return await info.context.quotes.load(offering)


def _offerings(
    course: Parent[records.Course], info: Info, *, max_age: MaxAge = UNSET
) -> Sequence[records.Offering]:
    if max_age is None or max_age is UNSET or (oldest := to_oldest(max_age, info)) is None:
        return course.offerings
    fresh = info.context.partners.fresh_since(oldest)
    return [offering for offering in course.offerings if offering in fresh]


def _sessions(
    offering: Parent[records.Offering],
    info: Info,
    *,
    first: First = DEFAULT_SIZE,
    upcoming: Annotated[
        bool | None, argument("Leave out those that are over; false shows them too.")
    ] = True,
) -> list[records.Session]:
    size = checked_size("first", DEFAULT_SIZE if first is None else first)
    found = (s for s in offering.sessions if not upcoming or is_upcoming(s, info.context.now))
    return sorted(found, key=lambda session: session.starts_at or _NEVER)[:size]


@presents(records.Institution, unchanging=True)
class Institution(Node):
    """The training institution (*lembaga pelatihan*) that gives courses."""

    id: strawberry.ID = global_id(NodeKind.INSTITUTION)
    name: str = described("Its name.")
    courses: "CourseConnection" = described("Its courses, by title.", _institution_courses)
    partners: list[Partner] = described("Who sells its courses.", _institution_partners)


@presents(records.Course, unchanging=True)
class Course(Node):
    """What is taught: one course, however many partners sell it."""

    id: strawberry.ID = global_id(NodeKind.COURSE)
    title: str = described("What it is called.")
    summary: str | None = described("What it is about, in plain text that is safe to print.")
    description_html: str | None = described(
        "The long description, as HTML that is safe to show.", _description
    )
    institution: Institution = described("Who gives it.")
    category: Category | None = described("Its subject.")
    level: CourseLevel = described("How much previous knowledge it needs.")
    languages: list[str] = described('The languages it is given in, BCP 47 ("id").')
    duration_minutes: int | None = described("How long it takes in all.")
    lowest_price: Money | None = described("The cheapest offering's price; null if not told.")
    delivery_modes: list[DeliveryMode] = described("The ways in which it is offered.")
    availability: Availability = described(
        "Whether anybody has a place now; computed when asked.", _course_availability
    )
    offerings: list["Offering"] = described("Who sells it, cheapest first.", _offerings)
    rating: float | None = described("The average rating, up to 5.")
    rating_count: int | None = described("How many have rated it.")
    image_url: str | None = described("A picture.")
    withdrawn: bool = described("Nobody sells it any longer; enrolments still show it.")


@presents(records.Offering, unchanging=True)
class Offering(Node):
    """The sale of a course by one partner."""

    id: strawberry.ID = global_id(NodeKind.OFFERING)
    course: Course = described("What is sold.", _course)
    partner: Partner = described("Who sells it.", _partner)
    key: str = described("What the partner calls it.", name="remoteId")
    url: str | None = described("Its page at the partner.")
    price: Money | None = described("What it costs; null if not told, 0 is free.")
    delivery_mode: DeliveryMode = described("How it is given.")
    bundle: bool = described("Whether the partner sells several courses as this one.")
    sessions: list[Session] = described("Its dated runs, soonest first.", _sessions)
    enrolment_mode: EnrolmentMode = described("Where it is booked.")
    code: str | None = described(
        "The short public `course_code` of the partner API.", read("id", to=public_code)
    )
    freshness: Freshness = described("How old what we say of it is.", _freshness)
    quote: Quote | None = described(
        "Price and seats, asked of the partner; what it does not tell in 0.8 s is the last that is "
        f"known, null if nothing is. At most {MOST_QUOTES} in a request; each costs {QUOTE_COST}.",
        _quote,
        cost=QUOTE_COST,
    )


@presents(CourseEdgeRecord)
class CourseEdge:
    """One course of an answer and its place."""

    node: Course = described("The course.")
    cursor: str = described("Its place in this list; holds while the catalogue changes.")
    snippet: Snippet | None = described(
        "Where the search was found; null without a search, and when it was found in a name only.",
        _snippet,
    )


@presents(CourseSlice)
class CourseConnection(Connection[Course]):
    """One page of courses, with counts to narrow the whole answer by, and how fresh it is."""

    edges: list[CourseEdge] = described(  # type: ignore[assignment]  # an edge that tells more
        "The entries of the page, each with its cursor.", _edges
    )
    facets: list[Facet] = described(
        "How many courses there are of each kind that the answer can be narrowed to.", _facets
    )
    coverage: Coverage = described("Whether every partner's part is fresh.", _coverage)
    revision: str = described("The catalogue revision that this answer shows.", _revision)
