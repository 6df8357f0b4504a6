"""The whole catalogue in memory as of one revision: immutable, built aside, swapped in.

Everything that needs no clock is answered here; `reader` adds the instant of a request.  A live
course keeps its slot from revision to revision, so that the next snapshot is the last one with
a few slots changed.

Courses of which blocks leave nothing keep their slots, too, and are *hidden*: nothing but their
ids leads to them, and those to tombstones.  So a block, or its end, changes a mask.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import itemgetter

import numpy as np

from gateway.catalogue.entries import Entry, as_withdrawn, texts_that_differ
from gateway.catalogue.facets import FacetColumns, Flags, Matched
from gateway.catalogue.in_force import UNVEILED, Veil
from gateway.catalogue.index import Found
from gateway.catalogue.institutions import InstitutionList
from gateway.catalogue.kept import KeptLists
from gateway.catalogue.known import Records
from gateway.catalogue.layered import Layered
from gateway.catalogue.memo import Memo
from gateway.catalogue.orders import Order, Relevance, Slots, Starting
from gateway.catalogue.places import Places
from gateway.catalogue.questions import search_of
from gateway.catalogue.seating import to_seats
from gateway.catalogue.shelf import Shelf
from gateway.catalogue.sorting import to_changed, to_rankings
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
        self._courses = [entry and entry.course for entry in self.entries]
        self._born = np.full(len(self.entries), revision, np.int64)
        slots = {e.course.id: slot for slot, e in enumerate(self.entries) if e}
        self._slot_of = Layered[CourseId, int](slots)
        self._records = Records(every)
        self.columns = FacetColumns(self.entries, {p.code: p.name for p in partners})
        self.rankings = to_rankings(self.entries)
        self.places = Places(self.entries)
        self.institutions = InstitutionList(every)
        self.veil = UNVEILED
        self.hidden: Flags = np.zeros(len(self.entries), np.bool_)
        self._hide(self.hidden)

    def changed(
        self,
        revision: int,
        come: Sequence[Entry],
        gone: Sequence[CourseId] = (),
        redirects: Mapping[str, str] | None = None,
        *,
        hidden: Collection[CourseId] = (),
    ) -> "Snapshot":
        """Return the catalogue after the courses `come` have changed and those `gone` are not.

        Those of `come` that are `hidden` are, the others are not.
        """
        other = object.__new__(Snapshot)
        other.__dict__.update(self.__dict__)
        other.revision, other.redirects = revision, redirects or {}
        other.entries, other._slot_of = list(self.entries), self._slot_of.next()
        leaving = dict.fromkeys([*gone, *(entry.course.id for entry in come)])
        former = [entry for each in leaving if (entry := self.entry(each))]
        other._records = self._records.changed(leaving, come)
        slots = other._seat(come, gone)
        size = len(self.entries)
        before = {slot: self.entries[slot] if slot < size else None for slot in slots}
        after = {slot: other.entries[slot] for slot in slots}
        other._courses = self._courses + [None] * (len(other.entries) - size)
        for slot, entry in after.items():
            other._courses[slot] = entry and entry.course
        other.columns = self.columns.changed(len(other.entries), after)
        other.rankings = to_changed(self.rankings, before, other.entries)
        other.places = self.places.changed(before, other.entries, slots)
        unseen = [entry for entry in former if self.is_hidden(entry.course.id)]
        other.institutions = self.institutions.moved((), unseen).changed(former, come)
        other.hidden = np.pad(self.hidden, (0, len(other.entries) - size))  # a copy
        other.hidden[slots] = False
        other.veil = self.veil.without(leaving)
        other._hide(other.hidden | other.flags(hidden))
        other.index = self.index.changed(*texts_that_differ(before, after))
        return other

    def veiled(self, veil: Veil, hidden: Flags) -> "Snapshot":
        """Return the same catalogue under other blocks, which hide the courses at `hidden` slots.

        It costs little, and this one may go on being changed.
        """
        other = object.__new__(Snapshot)
        other.__dict__.update(self.__dict__)
        other.veil = veil
        other._hide(hidden)
        return other

    @property
    def name(self) -> str:
        """What all that is shown depends on: the revision, and how far blocks are followed."""
        return f"{self.revision}{self.veil.name}"

    def _hide(self, hidden: Flags) -> None:
        """Have the courses at `hidden` slots hidden, and no others."""
        gone, back = hidden & ~self.hidden, self.hidden & ~hidden
        self.institutions = self.institutions.moved(self._entries_at(gone), self._entries_at(back))
        self.hidden = hidden
        self._has_hidden = bool(hidden.any())
        self.columns = self.columns.without(hidden)
        most = REMEMBERED_SLOTS // max(1, len(self.entries))
        self._memo = Memo(max(16, min(REMEMBERED, most)))

    def flags(self, course_ids: Iterable[CourseId]) -> Flags:
        """Return, by slot, where these courses are."""
        found: Flags = np.zeros(len(self.entries), np.bool_)
        found[np.array([self._slot_of[each] for each in course_ids], np.int64)] = True
        return found

    def _entries_at(self, flags: Flags) -> list[Entry]:
        found = (self.entries[slot] for slot in np.flatnonzero(flags).tolist())
        return [entry for entry in found if entry is not None]

    def is_hidden(self, course_id: CourseId) -> bool:
        """Return whether blocks leave nothing of a course that is listed."""
        if not self._has_hidden:
            return False
        slot = self.seat(course_id)
        return slot is not None and bool(self.hidden[slot])

    def _seat(self, come: Sequence[Entry], gone: Sequence[CourseId]) -> list[int]:
        """Give every live course of `come` a slot; return the slots that differ."""
        left = [*gone, *(entry.course.id for entry in come if entry.course.withdrawn)]
        freed = [self._slot_of.pop(each) for each in left if each in self._slot_of]
        for slot in freed:
            self.entries[slot] = None
        live = [entry for entry in come if not entry.course.withdrawn]
        new = [entry for entry in live if entry.course.id not in self._slot_of]
        free = sorted({*freed, *np.flatnonzero(~self.columns.live).tolist()}) if new else []
        more = max(0, len(new) - len(free))
        free += range(len(self.entries), len(self.entries) + more)
        self.entries += [None] * more
        if new:
            self._born = np.pad(self._born, (0, more))  # a copy, even of nothing more
        for entry, slot in zip(new, free, strict=False):
            self._slot_of[entry.course.id] = slot
            self._born[slot] = self.revision
        for entry in live:
            self.entries[self._slot_of[entry.course.id]] = entry
        return sorted({*freed, *(self._slot_of[entry.course.id] for entry in live)})

    def course(self, course_id: CourseId) -> Course | None:
        """Return a course, withdrawn ones too; one that is hidden is withdrawn."""
        entry = self._records.entries.get(course_id)
        if entry is None:
            return None
        return as_withdrawn(entry) if self.is_hidden(course_id) else entry.course

    def entry(self, course_id: CourseId) -> Entry | None:
        """Return what is kept of a course, whether it is hidden or not."""
        return self._records.entries.get(course_id)

    @property
    def courses(self) -> Mapping[CourseId, Course]:
        """Every course, withdrawn ones too."""
        return {each: course for each in self._records.entries if (course := self.course(each))}

    def live_ids(self) -> Iterator[CourseId]:
        """Yield the ids of the courses that are shown."""
        for slot in self.columns.everything.tolist():
            yield self.course_at(slot).id

    @property
    def offerings(self) -> Mapping[OfferingId, Offering]:
        """Every offering, withdrawn and blocked ones too."""
        return self._records.offerings

    @property
    def sessions(self) -> Mapping[SessionId, Session]:
        """Every session of these."""
        return self._records.sessions

    @property
    def course_of(self) -> Mapping[OfferingId, CourseId]:
        """The courses of the offerings."""
        return self._records.course_of

    def slot(self, course_id: CourseId) -> int | None:
        """Return the slot of a course; None if it is not shown."""
        return None if self.is_hidden(course_id) else self.seat(course_id)

    def seat(self, course_id: CourseId) -> int | None:
        """Return the slot of a course, hidden or not; None if it is withdrawn."""
        return self._slot_of.get(course_id)

    def course_at(self, slot: int) -> Course:
        """Return the course that is shown at a slot.  Raises `LookupError`."""
        entry = self.entries[slot]
        if entry is None or self.hidden[slot]:
            raise LookupError(f"no course at slot {slot}")
        return entry.course

    def courses_at(self, slots: Sequence[int]) -> Sequence[Course]:
        """Return the live courses at some slots, where there are some."""
        if len(slots) <= 1:
            return [self.course_at(slot) for slot in slots]
        found: tuple[Course, ...] = itemgetter(*slots)(self._courses)
        return found

    def held_since(self, revision: int, slots: Slots) -> Slots:
        """Return those of `slots` that held the same course at `revision`."""
        return slots[self._born[slots] <= revision]

    def matching(self, query: CourseQuery) -> Matched:
        """Return the live courses that match, availability aside."""
        asked = query.filter
        if asked.available_only:
            asked = replace(asked, available_only=False)
        search = search_of(query)
        if len(self.entries) <= SOON_MATCHED:
            return self._matching(search, asked)
        question = "matching", search, asked
        return self._memo.remembered(question, lambda: self._matching(search, asked))

    def _matching(self, search: str, asked: CourseFilter) -> Matched:
        found = self.found(search)
        among = self.columns.everything if found is None else found.slots
        return self.columns.matching(asked, among)

    def places_now(
        self, now: datetime, taken: Callable[[SessionId], int], booked: Iterable[SessionId] | None
    ) -> Flags:
        """Return, by slot, which courses that are shown have a place; see `Places.having`."""
        found = self.places.having(now, taken, booked)
        return found & ~self.hidden if self._has_hidden else found

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

        def answer() -> Found | None:
            found = self.index.search(search)
            if found is None or not self._has_hidden:
                return found
            shown = ~self.hidden[found.slots]
            return Found(found.slots[shown], found.scores[shown])

        return self._memo.remembered(("found", search), answer)

    def uses(self, word: str) -> bool:
        """Return whether any course that is shown uses a word of the vocabulary."""
        if not self._has_hidden:
            return True
        found = self.found(word)
        return found is None or bool(len(found.slots))

    def _starting(self, now: datetime) -> Starting:
        titles, starts = self.rankings[CourseSort.TITLE], self.columns.starts
        passed = Starting.passed(starts, now)  # the order is the same until the next start
        return self._memo.remembered(
            ("starts", passed), lambda: Starting(len(self.entries), titles, starts, passed)
        )
