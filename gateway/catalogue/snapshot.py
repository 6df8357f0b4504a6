"""The whole catalogue in memory as of one revision: immutable, built aside, swapped in.

Everything that needs no clock is answered here; `reader` adds the instant of a request.  A live
course keeps its slot from revision to revision, so that the next snapshot is the last one with
a few slots changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from gateway.catalogue.cursors import to_digest
from gateway.catalogue.entries import Entry, to_document
from gateway.catalogue.facets import FacetColumns, Matched
from gateway.catalogue.index import Found
from gateway.catalogue.institutions import InstitutionList
from gateway.catalogue.kept import KeptLists
from gateway.catalogue.layered import Layered
from gateway.catalogue.memo import Memo
from gateway.catalogue.orders import Order, Relevance, Slots, Starting
from gateway.catalogue.places import Places
from gateway.catalogue.seating import to_seats
from gateway.catalogue.shelf import Shelf
from gateway.catalogue.sorting import to_changed, to_rankings
from gateway.catalogue.words import words
from schema.model.catalogue import Course, Offering, Partner, Session
from schema.model.values import CourseId, OfferingId, SessionId
from schema.ports import CourseFilter, CourseQuery, CourseSort

REMEMBERED = 256  # searches and orders of a small catalogue
SOON_MATCHED = 5_000  # so few courses are matched sooner than an answer of before is found
REMEMBERED_SLOTS = 4_000_000  # and of a large one: so many numbers in all


class Snapshot:
    """The catalogue of one revision; live courses are also known by their slot.

    `changed` gives the next one; only the newest may be changed.
    """

    def __init__(
        self,
        revision: int,
        entries: Iterable[Entry] = (),
        partners: Sequence[Partner] = (),
        redirects: Mapping[str, str] | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        """Build it all; where there is a `shelf`, the search index is kept there."""
        # In the order in which they were made, and so lie in memory: to look at each takes half as
        # long as in any other order.
        every = list(entries)
        self.revision = revision
        self.redirects = redirects or {}
        self.partners = [partner.code for partner in partners]
        self.kept = KeptLists()
        live = [each for each in every if not each.course.withdrawn]
        self.entries, self.index = to_seats(live, shelf)
        self._born = np.full(len(self.entries), revision, np.int64)
        slots = {e.course.id: slot for slot, e in enumerate(self.entries) if e}
        self._slot_of = Layered[CourseId, int](slots)
        known, offerings, sessions, course_of = _learned(every)
        self._known = Layered[CourseId, Entry](known)
        self.offerings = Layered[OfferingId, Offering](offerings)
        self.sessions = Layered[SessionId, Session](sessions)
        self.course_of = Layered[OfferingId, CourseId](course_of)
        self.columns = FacetColumns(self.entries, {p.code: p.name for p in partners})
        self.rankings = to_rankings(self.entries)
        self.places = Places(self.entries)
        self.institutions = InstitutionList(every)
        self._finish()

    def changed(
        self,
        revision: int,
        come: Sequence[Entry],
        gone: Sequence[CourseId] = (),
        redirects: Mapping[str, str] | None = None,
    ) -> "Snapshot":
        """Return the catalogue after the courses `come` have changed and those `gone` are not."""
        other = object.__new__(Snapshot)
        other.revision, other.partners, other.kept = revision, self.partners, self.kept
        other.redirects = redirects or {}
        other.entries, other._slot_of = list(self.entries), self._slot_of.next()
        other._known, other.course_of = self._known.next(), self.course_of.next()
        other.offerings, other.sessions = self.offerings.next(), self.sessions.next()
        leaving = dict.fromkeys([*gone, *(entry.course.id for entry in come)])
        former = [self._known[each] for each in leaving if each in self._known]
        other._forget(leaving)
        for there, more in zip(other._known_by_id(), _learned(come), strict=True):
            there.update(more)
        other._born = self._born
        slots = other._seat(come, gone)
        size = len(self.entries)
        before = {slot: self.entries[slot] if slot < size else None for slot in slots}
        after = {slot: other.entries[slot] for slot in slots}
        other.columns = self.columns.changed(len(other.entries), after)
        other.index = self.index.changed(
            {slot: to_document(each) for slot, each in before.items() if each},
            {slot: to_document(each) for slot, each in after.items() if each},
        )
        other.rankings = to_changed(self.rankings, before, other.entries)
        other.places = self.places.changed(before, other.entries, slots)
        other._finish()
        other.institutions = self.institutions.changed(former, come)
        return other

    def _finish(self) -> None:
        size = len(self.entries)
        self._memo = Memo(max(16, min(REMEMBERED, REMEMBERED_SLOTS // max(1, size))))

    def _known_by_id(self) -> Sequence[Layered[Any, Any]]:
        return self._known, self.offerings, self.sessions, self.course_of

    def _forget(self, course_ids: Iterable[CourseId]) -> None:
        for course_id in course_ids:
            entry = self._known.pop(course_id, None)
            for offering in (*entry.withdrawn, *entry.course.offerings) if entry else ():
                if self.course_of.get(offering.id) == course_id:
                    del self.course_of[offering.id], self.offerings[offering.id]
                    for session in offering.sessions:
                        self.sessions.pop(session.id, None)

    def _seat(self, come: Sequence[Entry], gone: Sequence[CourseId]) -> list[int]:
        """Give every live course of `come` a slot; return the slots that differ."""
        left = [*gone, *(entry.course.id for entry in come if entry.course.withdrawn)]
        freed = [self._slot_of.pop(each) for each in left if each in self._slot_of]
        for slot in freed:
            self.entries[slot] = None
        live = [entry for entry in come if not entry.course.withdrawn]
        new = [entry for entry in live if entry.course.id not in self._slot_of]
        free = [slot for slot, entry in enumerate(self.entries) if entry is None] if new else []
        more = max(0, len(new) - len(free))
        free += range(len(self.entries), len(self.entries) + more)
        self.entries += [None] * more
        self._born = np.pad(self._born, (0, more))  # a copy
        for entry, slot in zip(new, free, strict=False):
            self._slot_of[entry.course.id] = slot
            self._born[slot] = self.revision
        for entry in live:
            self.entries[self._slot_of[entry.course.id]] = entry
        return sorted({*freed, *(self._slot_of[entry.course.id] for entry in live)})

    def course(self, course_id: CourseId) -> Course | None:
        """Return a course, withdrawn ones too."""
        entry = self._known.get(course_id)
        return None if entry is None else entry.course

    @property
    def courses(self) -> Mapping[CourseId, Course]:
        """Every course, withdrawn ones too."""
        return {course_id: entry.course for course_id, entry in self._known.items()}

    def slot(self, course_id: CourseId) -> int | None:
        """Return the slot of a course; None if it is not live."""
        return self._slot_of.get(course_id)

    def course_at(self, slot: int) -> Course:
        """Return the live course at a slot.  Raises `LookupError`."""
        entry = self.entries[slot]
        if entry is None:
            raise LookupError(f"no course at slot {slot}")
        return entry.course

    def courses_at(self, slots: Sequence[int]) -> list[Course]:
        """Return the live courses at some slots.  Raises `LookupError`."""
        entries = self.entries
        try:
            return [entries[slot].course for slot in slots]  # type: ignore[union-attr]  # see below
        except AttributeError:  # no course is there, which is told by name
            return [self.course_at(slot) for slot in slots]

    def held_since(self, revision: int, slots: Slots) -> Slots:
        """Return those of `slots` that held the same course at `revision`."""
        return slots[self._born[slots] <= revision]

    def matching(self, query: CourseQuery) -> Matched:
        """Return the live courses that match, availability aside."""
        asked = query.filter
        if asked.available_only:
            asked = replace(asked, available_only=False)
        question = ("matching", search_of(query), asked)

        def answer() -> Matched:
            found = self.found(search_of(query))
            return self.columns.matching(
                asked, self.columns.everything if found is None else found.slots
            )

        if len(self.entries) <= SOON_MATCHED:
            return answer()
        return self._memo.remembered(question, answer)

    def order(self, query: CourseQuery, now: datetime) -> Order:
        """Return the order of `query`; by relevance it holds only what the search found."""
        if query.sort is CourseSort.STARTS_SOONEST:
            return self._starting(now)
        found = self.found(search_of(query)) if query.sort is CourseSort.RELEVANCE else None
        if found is not None:
            return Relevance(found, self.rankings[CourseSort.RELEVANCE])
        return self.rankings[query.sort]

    def found(self, search: str) -> Found | None:
        """Return what a search finds; None (which means all) without any word."""
        if not search:
            return None
        return self._memo.remembered(("found", search), lambda: self.index.search(search))

    def _starting(self, now: datetime) -> Starting:
        titles, starts = self.rankings[CourseSort.TITLE], self.columns.starts
        passed = Starting.passed(starts, now)  # the order is the same until the next start
        return self._memo.remembered(
            ("starts", passed), lambda: Starting(len(self.entries), titles, starts, passed)
        )


def _learned(entries: Sequence[Entry]) -> tuple[dict[Any, Any], ...]:
    """Return courses, offerings, sessions, and the offerings' courses, by their ids."""
    known: dict[CourseId, Entry] = {}
    offerings: dict[OfferingId, Offering] = {}
    sessions: dict[SessionId, Session] = {}
    course_of: dict[OfferingId, CourseId] = {}

    def learn(offering: Offering, course_id: CourseId) -> None:
        offerings[offering.id] = offering
        course_of[offering.id] = course_id
        for session in offering.sessions:
            sessions[session.id] = session

    for entry in entries:
        for offering in entry.withdrawn:
            learn(offering, entry.course.id)
    for entry in entries:  # what is live wins
        course_id = entry.course.id
        known[course_id] = entry
        for offering in entry.course.offerings:
            learn(offering, course_id)
    return known, offerings, sessions, course_of


def normalised(query: CourseQuery) -> CourseQuery:
    """Return the same question in one spelling: values sorted, the search folded."""
    asked, search = query.filter, search_of(query) or None
    several: dict[str, Any] = {
        name: tuple(sorted(set(values)))
        for name in _LISTS
        if len(values := getattr(asked, name)) > 1
    }
    if several:
        asked = replace(asked, **several)
    return CourseQuery(search, asked, query.sort)


def to_question(query: CourseQuery) -> str:
    """Return the digest that cursors of a `normalised` query carry."""
    return to_digest("courses", query)


def search_of(query: CourseQuery) -> str:
    """Return the words that a question looks for."""
    return _words_of(query.search) if query.search else ""


@lru_cache(maxsize=2**10)  # one request asks several times
def _words_of(search: str) -> str:
    return " ".join(words(search))


_LISTS = tuple(
    name
    for name in CourseFilter.__dataclass_fields__
    if isinstance(getattr(CourseFilter(), name), tuple)
)
