"""The whole catalogue in memory as of one revision: immutable, built aside, swapped in.

Everything that needs no clock is answered here; `reader` adds the instant of a request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.catalogue.bits import to_mask
from gateway.catalogue.cursors import to_digest
from gateway.catalogue.entries import Entry
from gateway.catalogue.facets import FacetColumns, Matched
from gateway.catalogue.index import SearchIndex, words
from gateway.catalogue.memo import Memo
from gateway.catalogue.orders import Order, by_sort, by_start, popularity, to_order
from schema.model.catalogue import Course, Institution, Offering, Partner, Session
from schema.model.values import (
    CourseId,
    InstitutionId,
    OfferingId,
    PartnerCode,
    SessionId,
    folded,
)
from schema.ports import CourseFilter, CourseQuery, CourseSort

REMEMBERED = 256  # searches, matches and orders


class Snapshot:
    """The catalogue of one revision; live courses are also known by their ordinal."""

    def __init__(
        self,
        revision: int,
        entries: Iterable[Entry] = (),
        partners: Sequence[Partner] = (),
        redirects: Mapping[str, str] | None = None,
    ) -> None:
        every = sorted(entries, key=lambda entry: (entry.title, entry.course.id))
        self.revision = revision
        self.redirects = redirects or {}
        self.entries = [entry for entry in every if not entry.course.withdrawn]
        self.partners = [partner.code for partner in partners]
        self.courses: Mapping[CourseId, Course] = {e.course.id: e.course for e in every}
        self._keep_offerings(every)
        self.columns = FacetColumns(self.entries, {p.code: p.name for p in partners})
        self._index = SearchIndex([entry.document for entry in self.entries])
        self._keep_institutions()
        self._memo = Memo(REMEMBERED)

    def _keep_offerings(self, every: Sequence[Entry]) -> None:
        self.offerings: dict[OfferingId, Offering] = {}
        self.sessions: dict[SessionId, Session] = {}
        self.course_of: dict[OfferingId, CourseId] = {}
        tombstones = [(each, e.course.id) for e in every for each in e.withdrawn]
        live = [(each, e.course.id) for e in every for each in e.course.offerings]
        for offering, course_id in (*tombstones, *live):  # what is live wins
            self.offerings[offering.id] = offering
            self.course_of[offering.id] = course_id
            self.sessions.update((session.id, session) for session in offering.sessions)

    def _keep_institutions(self) -> None:
        found: dict[InstitutionId, Institution] = {}
        selling: dict[InstitutionId, set[PartnerCode]] = {}
        for entry in self.entries:
            institution = entry.course.institution
            found[institution.id] = institution
            sellers = {offering.partner for offering in entry.course.offerings}
            selling.setdefault(institution.id, set()).update(sellers)
        self.institutions: Sequence[Institution] = list(found.values())
        self.institution_by_id: Mapping[InstitutionId, Institution] = {
            course.institution.id: course.institution for course in self.courses.values()
        }
        self.sellers: Mapping[InstitutionId, set[PartnerCode]] = selling
        self.institutions_by_name = to_order(
            ((folded(each.name), each.id), n) for n, each in enumerate(self.institutions)
        )
        self._names = [words(each.name) for each in self.institutions]

    def matching(self, query: CourseQuery) -> Matched:
        """Return the live courses that match, availability aside."""
        asked = replace(query.filter, available_only=False)
        question = ("matching", _search(query), asked)
        return self._memo.remembered(
            question, lambda: self.columns.matching(asked, self._found(_search(query)))
        )

    def order(self, query: CourseQuery, now: datetime) -> Order:
        """Return the order of `query`; by relevance it holds only what the search found."""
        search = _search(query)
        if query.sort is CourseSort.STARTS_SOONEST:
            passed = self.columns.started_before(now)  # the order is the same until the next start
            return self._memo.remembered(("starts", passed), lambda: by_start(self.entries, now))
        if query.sort is CourseSort.RELEVANCE and search:
            return self._memo.remembered(("relevance", search), lambda: self._by_relevance(search))
        return self._memo.remembered(
            ("sort", query.sort), lambda: by_sort(self.entries, query.sort)
        )

    def institutions_matching(self, search: str | None) -> int:
        """Return the institutions with live courses whose name has words that begin so."""
        asked = words(search or "")
        found = (
            n
            for n, name in enumerate(self._names)
            if all(any(word.startswith(begin) for word in name) for begin in asked)
        )
        return to_mask(found, len(self.institutions))

    def _found(self, search: str) -> int:
        if not search:
            return self.columns.everything
        return to_mask(self._scores(search), len(self.entries))

    def _scores(self, search: str) -> Mapping[int, float]:
        return self._memo.remembered(("scores", search), lambda: self._index.search(search))

    def _by_relevance(self, search: str) -> Order:
        return to_order(
            (
                (-round(score, 6), -popularity(self.entries[n]), self.entries[n].course.id),
                n,
            )
            for n, score in self._scores(search).items()
        )


def normalised(query: CourseQuery) -> CourseQuery:
    """Return the same question in one spelling: values sorted, the search folded."""
    asked = query.filter
    several: dict[str, Any] = {
        name: tuple(sorted(set(getattr(asked, name))))
        for name in CourseFilter.__dataclass_fields__
        if isinstance(getattr(asked, name), tuple)
    }
    return replace(query, search=_search(query) or None, filter=replace(asked, **several))


def to_question(query: CourseQuery) -> str:
    """Return the digest that cursors of `query` carry."""
    return to_digest("courses", normalised(query))


def _search(query: CourseQuery) -> str:
    return " ".join(words(query.search or ""))
