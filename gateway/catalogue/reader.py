"""The public catalogue as one request sees it: one snapshot, one instant, the seats taken."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.catalogue.cursors import Cursors, Key, Place, from_cursor, to_cursor, to_digest
from gateway.catalogue.facets import Flags, Matched
from gateway.catalogue.institutions import ahead, behind
from gateway.catalogue.narrowing import (
    asking_for,
    available,
    courses_with,
    narrowed,
    without_closed,
    without_stale,
)
from gateway.catalogue.orders import Order, Ranking, Relevance, Slots
from gateway.catalogue.parts import Part, page_of, part_of
from gateway.catalogue.places import nobody_booked
from gateway.catalogue.questions import normalised, search_of, to_question
from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.snippets import to_snippet
from gateway.catalogue.suggestions import to_suggestions
from schema.model.catalogue import Course, Institution, Offering, Session
from schema.model.values import (
    CourseId,
    InstitutionId,
    OfferingId,
    PartnerCode,
    SessionId,
)
from schema.ports import CourseQuery, CourseSort, Facet, FacetName, FreshOfferings, Slice, Window
from schema.search_ports import Snippet, Suggestion

_NOTHING = CourseQuery()


class SnapshotReader:
    """Implements `schema.ports.CatalogueReader`; light: make one per request.

    `booked` are the sessions of which `taken` is not 0; None if nobody knows which.
    """

    __slots__ = (
        "_asked", "_booked", "_closed", "_found", "_fresh", "_now", "_snapshot", "_taken",
    )  # fmt: skip

    def __init__(
        self,
        snapshot: Snapshot,
        now: datetime,
        taken: Callable[[SessionId], int] = nobody_booked,
        booked: Iterable[SessionId] | None = None,
        fresh: FreshOfferings | None = None,
        *,
        closed: frozenset[PartnerCode] = frozenset(),
    ) -> None:
        self._snapshot = snapshot
        self._now = now
        self._taken = taken
        self._booked = () if taken is nobody_booked else booked
        self._fresh = fresh
        self._closed = closed
        self._asked = _NOTHING, _NOTHING
        self._found: tuple[CourseQuery, Matched] | None = None

    @property
    def revision(self) -> int:
        """See `CatalogueReader.revision`."""
        return self._snapshot.revision

    def course(self, course_id: CourseId) -> Course | None:
        """See `CatalogueReader.course`."""
        current = self._snapshot.redirects.get(course_id, course_id)
        return self._snapshot.course(CourseId(current))

    def offering(self, offering_id: OfferingId) -> Offering | None:
        """See `CatalogueReader.offering`."""
        return self._snapshot.offerings.get(offering_id)

    def session(self, session_id: SessionId) -> Session | None:
        """See `CatalogueReader.session`."""
        return self._snapshot.sessions.get(session_id)

    def institution(self, institution_id: InstitutionId) -> Institution | None:
        """See `CatalogueReader.institution`."""
        current = self._snapshot.redirects.get(institution_id, institution_id)
        return self._snapshot.institutions.by_id.get(InstitutionId(current))

    def course_of(self, offering_id: OfferingId) -> Course:
        """See `CatalogueReader.course_of`."""
        course = self._snapshot.course(self._snapshot.course_of[offering_id])
        if course is None:
            raise KeyError(offering_id)
        return course

    def institution_partners(self, institution_id: InstitutionId) -> Sequence[PartnerCode]:
        """See `CatalogueReader.institution_partners`."""
        sellers = {*self._snapshot.institutions.sellers.get(institution_id, ())}
        known = [code for code in self._snapshot.partners if code in sellers]
        return known + sorted(sellers.difference(known))

    def courses(self, query: CourseQuery, window: Window) -> Slice[Course]:
        """See `CatalogueReader.courses`."""
        query = self._normalised(query)
        order, matched = self._snapshot.order(query, self._now), self._matched(query)
        return self._part(order, matched, window, lambda: to_question(query), search_of(query))

    def facets(self, query: CourseQuery) -> Sequence[Facet]:
        """See `CatalogueReader.facets`."""
        found = self._snapshot.columns.counted(self._matched(self._normalised(query)))
        fresh = self._fresh
        return found if fresh is None else [without_stale(each, fresh) for each in found]

    def only(self, fresh: FreshOfferings) -> "SnapshotReader":
        """See `CatalogueReader.only`."""
        known = self._snapshot, self._now, self._taken, self._booked
        return SnapshotReader(*known, fresh, closed=self._closed)

    def snippet(self, course: Course, search: str) -> Snippet | None:
        """See `SearchReader.snippet`."""
        return to_snippet(course, search, self._snapshot.index)

    def suggestions(self, text: str, first: int) -> Sequence[Suggestion]:
        """See `SearchReader.suggestions`."""
        return to_suggestions(self._snapshot, text, first)

    def institutions(self, search: str | None, window: Window) -> Slice[Institution]:
        """See `CatalogueReader.institutions`."""
        found = self._snapshot.institutions.named(search)
        question = to_digest("institutions", search)
        begin, end = _bounds(found, window, question)
        if window.last is None:
            shown = range(begin, min(end, begin + (window.first or 0)))
        else:
            shown = range(max(begin, end - window.last), end)
        return Slice(
            nodes=[found[n][1] for n in shown],
            cursors=[to_cursor(Place(self.revision, found[n][0]), question) for n in shown],
            has_next=shown.stop < len(found),
            has_previous=shown.start > 0,
            total=len(found),
        )

    def institution_courses(self, institution_id: InstitutionId, window: Window) -> Slice[Course]:
        """See `CatalogueReader.institution_courses`."""
        order = self._snapshot.order(CourseQuery(sort=CourseSort.TITLE), self._now)
        slots = self._snapshot.columns.having(FacetName.INSTITUTION, [institution_id])
        matched = Matched(slots, {})
        return self._part(order, matched, window, lambda: to_digest("institution", institution_id))

    def _normalised(self, query: CourseQuery) -> CourseQuery:
        """Return `query` in one spelling; its list and its facets are asked with the same one."""
        if query is not self._asked[0]:
            self._asked = query, normalised(query)
        return self._asked[1]

    def _matched(self, query: CourseQuery) -> Matched:
        """Return what matches; a list and its facets ask the same one after the other."""
        if self._found is None or self._found[0] is not query:
            self._found = query, self._matching(query)
        return self._found[1]

    def _matching(self, query: CourseQuery) -> Matched:
        if self._fresh is None:
            matched = self._snapshot.matching(query)
        else:
            found = self._snapshot.matching(asking_for(self._fresh, query))
            among = courses_with(self._fresh, self._snapshot, query.filter.partners)
            matched = found.limited_to(among)
        if not query.filter.available_only:
            return matched
        return matched.limited_to(self._places())

    def _places(self) -> Flags:
        """Return, by slot, which courses have a place at somebody who is fresh and sells now."""
        snapshot, taken, now = self._snapshot, self._taken, self._now
        places = snapshot.places_now(now, taken, self._booked)
        if self._fresh is not None:
            open_too = replace(self._fresh, partners=self._fresh.partners - self._closed)
            return available(open_too, snapshot, places, taken, now)
        if self._closed:
            return without_closed(self._closed, snapshot, places, taken, now)
        return places

    def _part(
        self,
        order: Order,
        matched: Matched,
        window: Window,
        question: Callable[[], str],
        search: str = "",
    ) -> Slice[Course]:
        """Return the part of `order` that `window` asks for.  Raises `BadCursorError`."""
        total, revision = matched.total, self.revision
        is_end = window.after is None and window.before is None
        if is_end and isinstance(order, Ranking) and order.is_quick(total):
            part = _end(order, matched.by_slot(len(self._snapshot.entries)), total, window)
        else:
            revision, order, part = self._within(order, matched.slots, window, question, search)
        return Slice(
            nodes=self._courses_at(part.slots),
            cursors=Cursors(part.slots, revision, order.keys, question),
            has_next=part.has_next,
            has_previous=part.has_previous,
            total=total,
        )

    def _within(
        self, order: Order, slots: Slots, window: Window, question: Callable[[], str], search: str
    ) -> tuple[int, Order, Part]:
        """Return the part between two cursors, with the list that it is cut from."""
        after = before = None
        if window.after is not None or window.before is not None:
            like = order.like() if len(slots) else None
            after, before = (
                None if cursor is None else from_cursor(cursor, question(), like)
                for cursor in (window.after, window.before)
            )
        revision = self.revision
        if isinstance(order, Relevance):
            revision, order, slots = self._kept(order, slots, search, after or before)
        if not len(slots):
            return revision, order, Part((), has_next=False, has_previous=False)
        bounds = _place(order, after, after=True), _place(order, before, after=False)
        size, from_end = _size_of(window)
        part = page_of(order.places(slots), slots, size, bounds, from_end=from_end)
        return revision, order, part

    def _courses_at(self, slots: Sequence[int]) -> Sequence[Course]:
        courses, fresh = self._snapshot.courses_at(slots), self._fresh
        return courses if fresh is None else [narrowed(each, fresh) for each in courses]

    def _kept(
        self, ranked: Relevance, slots: Slots, search: str, place: Place | None
    ) -> tuple[int, Relevance, Slots]:
        """Return the list that the page is cut from, and what of it still matches.

        It is the one that the client began with, as long as that is kept.
        """
        kept, revision = self._snapshot.kept, self.revision
        if place is not None and place.revision < revision:
            older = kept.find((place.revision, search), self._now)
            if older is not None:
                revision, ranked = place.revision, older
                slots = self._snapshot.held_since(revision, slots)
                slots = slots[ranked.has(slots)]
        if len(slots):
            kept.keep((revision, search), ranked, self._now)
        return revision, ranked, slots


def _end(order: Ranking, is_wanted: Flags, total: int, window: Window) -> Part:
    """Return the first or the last page."""
    size, from_end = _size_of(window)
    found = order.ends(is_wanted, total, size + 1, from_end=from_end)
    return part_of(found, size, from_end=from_end)


def _size_of(window: Window) -> tuple[int, bool]:
    """Return how many are asked for, and whether from the end."""
    return (window.first or 0, False) if window.last is None else (window.last, True)


def _place(order: Order, cursor: Place | None, *, after: bool) -> int | None:
    return None if cursor is None else order.place(cursor.key, after=after)


def _bounds(
    found: Sequence[tuple[Key, Institution]], window: Window, question: str
) -> tuple[int, int]:
    """Return from which position to which a page may reach.  Raises `BadCursorError`."""
    like = found[0][0] if found else None
    begin, end = 0, len(found)
    if window.after is not None:
        begin = behind(found, from_cursor(window.after, question, like).key)
    if window.before is not None:
        end = ahead(found, from_cursor(window.before, question, like).key)
    return min(begin, end) if window.last is None else begin, max(begin, end)
