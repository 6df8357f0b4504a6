"""Every course, offering and session that enrolments may refer to, by its id."""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.catalogue.entries import Entry
from gateway.catalogue.layered import Layered
from schema.model.catalogue import Offering, Session
from schema.model.values import CourseId, OfferingId, SessionId


class Records:
    """The records of one revision, withdrawn and blocked ones too."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        known, offerings, sessions, course_of = _learned(entries)
        self.entries = Layered[CourseId, Entry](known)
        self.offerings = Layered[OfferingId, Offering](offerings)
        self.sessions = Layered[SessionId, Session](sessions)
        self.course_of = Layered[OfferingId, CourseId](course_of)

    def changed(self, leaving: Iterable[CourseId], come: Sequence[Entry]) -> "Records":
        """Return the records without the courses that are `leaving`, and with those that `come`."""
        other = object.__new__(Records)
        other.entries, other.course_of = self.entries.next(), self.course_of.next()
        other.offerings, other.sessions = self.offerings.next(), self.sessions.next()
        for course_id in leaving:
            other.forget(course_id)
        known, offerings, sessions, course_of = _learned(come)
        other.entries.update(known)
        other.offerings.update(offerings)
        other.sessions.update(sessions)
        other.course_of.update(course_of)
        return other

    def forget(self, course_id: CourseId) -> None:
        """Forget a course, and what still belongs to it."""
        entry = self.entries.pop(course_id, None)
        for offering in (*entry.withdrawn, *entry.listed) if entry else ():
            if self.course_of.get(offering.id) == course_id:
                del self.course_of[offering.id], self.offerings[offering.id]
                for session in offering.sessions:
                    self.sessions.pop(session.id, None)


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
    for entry in entries:  # what is listed wins
        course_id = entry.course.id
        known[course_id] = entry
        for offering in entry.listed:
            learn(offering, course_id)
    return known, offerings, sessions, course_of
