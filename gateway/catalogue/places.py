"""Which courses have a place now, without asking each of them for every request.

What the dates and the partners' seat counts say is worked out once and holds until the next
moment at which it may change; places taken through us are looked up for the few courses that
tell their seats.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock

import numpy as np
import numpy.typing as npt

from gateway.catalogue.entries import Entry, micros, sessions_of
from gateway.catalogue.layered import Layered
from schema.availability import course_availability
from schema.model.catalogue import Course, Session
from schema.model.values import Availability, DeliveryMode, SessionId

Flags = npt.NDArray[np.bool_]
HAS_A_PLACE = frozenset({Availability.AVAILABLE, Availability.LIMITED})
_NEVER = (1 << 63) - 1
_ALWAYS = -_NEVER
Verdict = tuple[bool, int, int]  # whether there is a place, and since and until when that is so
_NO_COURSE: Verdict = (False, _ALWAYS, _NEVER)


class Places:
    """By slot, whether a course has a place if nobody booked through us, and until when."""

    def __init__(self, entries: Sequence[Entry | None]) -> None:
        self._entries = entries
        self._has = np.zeros(len(entries), np.bool_)
        self._since = np.full(len(entries), _NEVER, np.int64)
        self._until = np.full(len(entries), _ALWAYS, np.int64)
        self._counted = Layered(_counting_seats(entries, range(len(entries))))
        self._lock = Lock()

    def changed(
        self,
        before: Mapping[int, Entry | None],
        entries: Sequence[Entry | None],
        slots: Sequence[int],
    ) -> "Places":
        """Return the places of `entries`, which differ from `before` at `slots` alone."""
        other = object.__new__(Places)
        more = len(entries) - len(self._has)
        changed = np.asarray(slots, np.int64)
        with self._lock:
            other._has = np.pad(self._has, (0, more))
            other._since = np.pad(self._since, (0, more), constant_values=_NEVER)
            other._until = np.pad(self._until, (0, more), constant_values=_ALWAYS)
        other._entries, other._lock = entries, Lock()
        other._since[changed], other._until[changed] = _NEVER, _ALWAYS
        other._counted = self._counted.next()
        for session_id in _counting_seats(before, before):
            other._counted.pop(session_id, None)
        other._counted.update(_counting_seats(entries, slots))
        return other

    def having(
        self, now: datetime, taken: Callable[[SessionId], int], booked: Iterable[SessionId] | None
    ) -> Flags:
        """Return, by slot, who has a place at `now`.

        `booked` are the sessions of which places were taken through us; None means any.
        """
        with self._lock:
            self._work_out(now)
            found = self._has.copy()
        for slot in {self._counted[each] for each in self._told(booked) if taken(each)}:
            entry = self._entries[slot]
            found[slot] = entry is not None and _has_a_place(entry.course, taken, now)
        return found

    def _told(self, booked: Iterable[SessionId] | None) -> Iterable[SessionId]:
        if booked is None:
            return self._counted
        return (each for each in booked if each in self._counted)

    def _work_out(self, now: datetime) -> None:
        """Bring those up to date whose verdict may not hold at `now`."""
        at = micros(now)
        slots = np.flatnonzero((self._since > at) | (self._until <= at))
        if len(slots):
            verdicts = _Verdicts(now)
            found = [verdicts.of(self._entries[slot]) for slot in slots.tolist()]
            self._has[slots], self._since[slots], self._until[slots] = zip(*found, strict=True)


class _Verdicts:
    """Whether courses have a place at one instant; those that are alike are asked once."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._without_sessions: dict[tuple[DeliveryMode, ...], Verdict] = {}

    def of(self, entry: Entry | None) -> Verdict:
        """Return whether a course has a place, since when, and until when, that is so."""
        if entry is None:
            return _NO_COURSE
        course = entry.course
        if sessions := sessions_of(course):
            return self._changing(course, _moments(sessions))
        found = self._without_sessions.get(course.delivery_modes)
        if found is None:  # it is the delivery modes alone that decide then, and no clock
            found = _has_a_place(course, nobody_booked, self._now), _ALWAYS, _NEVER
            self._without_sessions[course.delivery_modes] = found
        return found

    def _changing(self, course: Course, moments: Sequence[datetime]) -> Verdict:
        at = bisect_right(moments, self._now)
        return (
            _has_a_place(course, nobody_booked, self._now),
            micros(moments[at - 1]) if at else _ALWAYS,
            micros(moments[at]) if at < len(moments) else _NEVER,
        )


def nobody_booked(_: SessionId) -> int:
    """Return that no place was taken through us."""
    return 0


def _has_a_place(course: Course, taken: Callable[[SessionId], int], now: datetime) -> bool:
    return course_availability(course, taken, now) in HAS_A_PLACE


def _moments(sessions: Sequence[Session]) -> list[datetime]:
    """Return when availability may change without anybody's doing, ascending."""
    return sorted(
        moment
        for each in sessions
        for moment in (
            each.starts_at,
            each.ends_at,
            each.enrolment_starts_at,
            each.enrolment_ends_at,
            each.purchase_ends_at,
        )
        if moment is not None
    )


def _counting_seats(
    entries: Sequence[Entry | None] | Mapping[int, Entry | None], slots: Iterable[int]
) -> dict[SessionId, int]:
    """Return the sessions where one booking more may decide, and their courses' slots."""
    return {
        session.id: slot
        for slot in slots
        if (entry := entries[slot]) is not None
        for session in sessions_of(entry.course)
        if session.seats_left is not None or session.capacity is not None
    }
