"""The public catalogue as one request sees it: one snapshot, one instant, the seats taken."""

from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.catalogue.bits import members, to_flags, to_mask
from gateway.catalogue.cursors import to_digest
from gateway.catalogue.facets import Matched
from gateway.catalogue.narrowing import asking_for, courses_with, narrowed, without_stale
from gateway.catalogue.orders import part_of
from gateway.catalogue.snapshot import Snapshot, normalised, to_question
from schema.availability import course_availability
from schema.model.catalogue import Course, Institution, Offering, Session
from schema.model.values import (
    Availability,
    CourseId,
    InstitutionId,
    OfferingId,
    PartnerCode,
    SessionId,
)
from schema.ports import CourseQuery, CourseSort, Facet, FacetName, FreshOfferings, Slice, Window

_HAS_A_PLACE = {Availability.AVAILABLE, Availability.LIMITED}


def nobody_booked(_: SessionId) -> int:
    """Return that no place was taken through us."""
    return 0


class SnapshotReader:
    """Implements `schema.ports.CatalogueReader`; light: make one per request."""

    def __init__(
        self,
        snapshot: Snapshot,
        now: datetime,
        taken: Callable[[SessionId], int] = nobody_booked,
        fresh: FreshOfferings | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._now = now
        self._taken = taken
        self._fresh = fresh

    @property
    def revision(self) -> int:
        """See `CatalogueReader.revision`."""
        return self._snapshot.revision

    def course(self, course_id: CourseId) -> Course | None:
        """See `CatalogueReader.course`."""
        snapshot = self._snapshot
        return snapshot.courses.get(CourseId(snapshot.redirects.get(course_id, course_id)))

    def offering(self, offering_id: OfferingId) -> Offering | None:
        """See `CatalogueReader.offering`."""
        return self._snapshot.offerings.get(offering_id)

    def session(self, session_id: SessionId) -> Session | None:
        """See `CatalogueReader.session`."""
        return self._snapshot.sessions.get(session_id)

    def institution(self, institution_id: InstitutionId) -> Institution | None:
        """See `CatalogueReader.institution`."""
        current = self._snapshot.redirects.get(institution_id, institution_id)
        return self._snapshot.institution_by_id.get(InstitutionId(current))

    def course_of(self, offering_id: OfferingId) -> Course:
        """See `CatalogueReader.course_of`."""
        return self._snapshot.courses[self._snapshot.course_of[offering_id]]

    def institution_partners(self, institution_id: InstitutionId) -> Sequence[PartnerCode]:
        """See `CatalogueReader.institution_partners`."""
        sellers = self._snapshot.sellers.get(institution_id, set())
        known = [code for code in self._snapshot.partners if code in sellers]
        return known + sorted(sellers.difference(known))

    def courses(self, query: CourseQuery, window: Window) -> Slice[Course]:
        """See `CatalogueReader.courses`."""
        query = normalised(query)
        order = self._snapshot.order(query, self._now)
        flags = self._flags(self._matched(query).mask)
        return part_of(order, flags, self._course_at, window, to_question(query))

    def facets(self, query: CourseQuery) -> Sequence[Facet]:
        """See `CatalogueReader.facets`."""
        found = self._snapshot.columns.counted(self._matched(normalised(query)))
        fresh = self._fresh
        return found if fresh is None else [without_stale(each, fresh) for each in found]

    def only(self, fresh: FreshOfferings) -> "SnapshotReader":
        """See `CatalogueReader.only`."""
        return SnapshotReader(self._snapshot, self._now, self._taken, fresh)

    def institutions(self, search: str | None, window: Window) -> Slice[Institution]:
        """See `CatalogueReader.institutions`."""
        found = self._snapshot.institutions
        flags = to_flags(self._snapshot.institutions_matching(search), len(found))
        question = to_digest("institutions", search)
        return part_of(
            self._snapshot.institutions_by_name, flags, found.__getitem__, window, question
        )

    def institution_courses(self, institution_id: InstitutionId, window: Window) -> Slice[Course]:
        """See `CatalogueReader.institution_courses`."""
        by_title = CourseQuery(sort=CourseSort.TITLE)
        order = self._snapshot.order(by_title, self._now)
        mask = self._snapshot.columns.having(FacetName.INSTITUTION, [institution_id])
        question = to_digest("institution", institution_id)
        return part_of(order, self._flags(mask), self._course_at, window, question)

    def _matched(self, query: CourseQuery) -> Matched:
        if self._fresh is None:
            matched = self._snapshot.matching(query)
        else:
            found = self._snapshot.matching(asking_for(self._fresh, query))
            among = courses_with(self._fresh, self._snapshot, query.filter.partners)
            matched = found.limited_to(among)
        if not query.filter.available_only:
            return matched
        candidates = members(matched.candidates)
        available = (n for n in candidates if self._has_a_place(self._course_at(n)))
        return matched.limited_to(to_mask(available, len(self._snapshot.entries)))

    def _has_a_place(self, course: Course) -> bool:
        return course_availability(course, self._taken, self._now) in _HAS_A_PLACE

    def _course_at(self, ordinal: int) -> Course:
        course = self._snapshot.entries[ordinal].course
        return course if self._fresh is None else narrowed(course, self._fresh)

    def _flags(self, mask: int) -> str:
        return to_flags(mask, len(self._snapshot.entries))
