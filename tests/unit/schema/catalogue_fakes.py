"""The catalogue's ports, kept in memory: small, but they behave."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from schema import change_ports, ports
from schema.model.catalogue import Course, Freshness, Institution, Offering, PartnerStatus, Session
from schema.model.quotes import KnownQuote
from schema.model.values import (
    CourseId,
    FreshnessState,
    InstitutionId,
    OfferingId,
    PartnerCode,
    RemoteId,
    SessionId,
)
from schema.search_ports import Snippet, Suggestion, SuggestionKind
from tests.unit.schema.builders import cut


class FakeCatalogue:
    """A catalogue of a few courses; it searches titles and filters by price and institution."""

    revision = 7

    def __init__(self, courses: Iterable[Course]) -> None:
        self._courses = {course.id: course for course in courses}
        self._offerings = {o.id: (o, c) for c in self._courses.values() for o in c.offerings}
        self._sessions = {s.id: s for o, _ in self._offerings.values() for s in o.sessions}
        self.asked: list[ports.CourseQuery] = []
        self.facets_counted = 0
        self.descriptions_read: list[list[CourseId]] = []

    def every(self) -> Sequence[Course]:
        return list(self._courses.values())

    def course(self, course_id: CourseId) -> Course | None:
        return self._courses.get(course_id)

    def offering(self, offering_id: Any) -> Offering | None:
        return self._offerings.get(offering_id, (None, None))[0]

    def session(self, session_id: SessionId) -> Session | None:
        return self._sessions.get(session_id)

    def institution(self, institution_id: InstitutionId) -> Institution | None:
        return next((i for i in self._institutions() if i.id == institution_id), None)

    def course_of(self, offering_id: Any) -> Course:
        return self._offerings[offering_id][1]

    def institution_partners(self, institution_id: InstitutionId) -> Sequence[PartnerCode]:
        given = [c for c in self._courses.values() if c.institution.id == institution_id]
        return sorted({offering.partner for course in given for offering in course.offerings})

    def courses(self, query: ports.CourseQuery, window: ports.Window) -> ports.Slice[Course]:
        self.asked.append(query)
        return cut(self._matching(query), lambda course: course.id, window)

    def facets(self, query: ports.CourseQuery) -> Sequence[ports.Facet]:
        self.facets_counted += 1
        counted = [
            ports.FacetBucket(i.id, i.name, n)
            for i in self._institutions()
            if (n := sum(c.institution == i for c in self._matching(query)))
        ]
        return [
            ports.Facet(ports.FacetName.INSTITUTION, counted),
            ports.Facet(ports.FacetName.PRICE, [ports.FacetBucket("0-0", "Free", 0)]),
        ]

    def only(self, fresh: ports.FreshOfferings) -> "FakeCatalogue":
        kept = (
            replace(course, offerings=tuple(each for each in course.offerings if each in fresh))
            for course in self.every()
        )
        return FakeCatalogue(course for course in kept if course.offerings)

    def snippet(self, course: Course, search: str) -> Snippet | None:
        if search.lower() not in course.title.lower():
            return None
        return Snippet(course.title, f"<mark>{course.title}</mark>")

    def suggestions(self, text: str, first: int) -> Sequence[Suggestion]:
        found = self._matching(ports.CourseQuery(search=text))
        return [Suggestion(course.title, SuggestionKind.COURSE) for course in found[:first]]

    async def read_descriptions(self, course_ids: Sequence[CourseId]) -> dict[CourseId, str]:
        self.descriptions_read.append(list(course_ids))
        known = {i: self._courses[i].description_html for i in course_ids}
        return {i: html for i, html in known.items() if html is not None}

    def institutions(self, search: str | None, window: ports.Window) -> ports.Slice[Institution]:
        found = [i for i in self._institutions() if (search or "").lower() in i.name.lower()]
        return cut(found, lambda institution: institution.id, window)

    def institution_courses(
        self, institution_id: InstitutionId, window: ports.Window
    ) -> ports.Slice[Course]:
        query = ports.CourseQuery(filter=ports.CourseFilter(institutions=(institution_id,)))
        return cut(self._matching(query), lambda course: course.id, window)

    def _institutions(self) -> list[Institution]:
        given = {course.institution for course in self._courses.values()}
        return sorted(given, key=lambda institution: institution.name)

    def _matching(self, query: ports.CourseQuery) -> list[Course]:
        words, wanted = (query.search or "").lower(), query.filter
        return [
            course
            for course in self._courses.values()
            if not course.withdrawn
            and words in course.title.lower()
            and (not wanted.institutions or course.institution.id in wanted.institutions)
            and _costs_at_most(course, wanted.price_max)
        ]


def _costs_at_most(course: Course, most: int | None) -> bool:
    return most is None or (course.lowest_price is not None and course.lowest_price.amount <= most)


class FakeChanges:
    """A log that is kept since revision 3: every course but the withdrawn ones was just added."""

    kept_since = 3

    def __init__(self, catalogue: FakeCatalogue) -> None:
        self._catalogue = catalogue

    async def read_changes(
        self, since: int, size: int, after: str | None
    ) -> change_ports.ChangePage:
        if since > self._catalogue.revision:
            raise change_ports.UnknownRevisionError(since)
        if 0 < since < self.kept_since:
            raise change_ports.ChangesExpiredError(self.kept_since)
        changes = [_change(course) for course in self._catalogue.every()]
        window = ports.Window(first=size, after=after)
        part = cut(changes, lambda change: change.course_id, window)
        return change_ports.ChangePage(part, self._catalogue.revision)


def _change(course: Course) -> change_ports.CatalogueChange:
    if course.withdrawn:
        return change_ports.CatalogueChange(change_ports.CatalogueChangeKind.WITHDRAWN, course.id)
    return change_ports.CatalogueChange(change_ports.CatalogueChangeKind.ADDED, course.id, course)


class FakePartners:
    """Partners that stand as they were told to; a stale one is missing from coverage."""

    def __init__(self, *statuses: PartnerStatus) -> None:
        self._statuses = {status.partner.code: status for status in statuses}
        self.closed: frozenset[PartnerCode] = frozenset()

    def statuses(self) -> Sequence[PartnerStatus]:
        return list(self._statuses.values())

    def status(self, code: PartnerCode) -> PartnerStatus | None:
        return self._statuses.get(code)

    def freshness(self, code: PartnerCode) -> Freshness:
        return self._statuses[code].freshness

    def offering_freshness(self, offering: Offering) -> Freshness:
        return self._statuses[offering.partner].freshness

    def fresh_since(self, oldest: datetime) -> ports.FreshOfferings:
        found = {code: each.freshness.fetched_at for code, each in self._statuses.items()}
        return ports.FreshOfferings(
            frozenset(code for code, fetched in found.items() if fetched and fetched >= oldest)
        )

    def coverage(
        self, partners: Sequence[PartnerCode], oldest: datetime | None = None
    ) -> ports.Coverage:
        concerned = [s for c, s in self._statuses.items() if not partners or c in partners]
        return ports.Coverage(
            [
                ports.MissingPartner(each, each.freshness.reason or "", each.failing_since)
                for each in concerned
                if each.freshness.state is FreshnessState.STALE
                or (oldest and each.freshness.fetched_at and each.freshness.fetched_at < oldest)
            ]
        )


@dataclass
class FakeSeats:
    """Places taken through us, as told."""

    places: dict[SessionId, int] = field(default_factory=dict)

    def taken(self, session_id: SessionId) -> int:
        return self.places.get(session_id, 0)


class FakeQuotes:
    """Knows the quotes that a test has put, and remembers what was asked together."""

    def __init__(self) -> None:
        self.known: dict[OfferingId, KnownQuote] = {}
        self.asked: list[list[RemoteId]] = []

    async def read_quotes(self, offerings: Sequence[Offering]) -> dict[OfferingId, KnownQuote]:
        self.asked.append([each.key for each in offerings])
        return {each.id: self.known[each.id] for each in offerings if each.id in self.known}
