"""Whether a place can be had now.  Pure: records, places taken and the clock in, verdict out.

Availability is computed when asked and never stored, because it changes with the clock.
A partner's seat count is reduced by the places taken through us, which it may not have
counted yet; it never becomes negative.  A course is as available as its best offering,
an offering as its best session.  Partners that are `closed` sell nothing, whatever they list.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from schema.model.catalogue import Course, Offering, Session
from schema.model.values import Availability, DeliveryMode, PartnerCode, SessionId

Taken = Callable[[SessionId], int]  # places of a session that were taken through us
Closed = Collection[PartnerCode]
NOBODY: Closed = frozenset()

FEW_SEATS = 3  # this many, or one place in ten, are LIMITED
FEW_IN = 10

_BEST_FIRST = (
    Availability.AVAILABLE,
    Availability.LIMITED,
    Availability.WAITLIST,
    Availability.NOT_YET_OPEN,
    Availability.UNKNOWN,  # may well have a place: better than a certain no
    Availability.FULL,
    Availability.CLOSED,
    Availability.FINISHED,
)


def seats_left(session: Session, taken: int) -> int | None:
    """Return how many places are left, or None when the partner does not tell."""
    if session.unlimited or session.seats_left is None:
        return None
    return max(0, session.seats_left - taken)


def session_availability(
    session: Session, taken: int, now: datetime, closed: Closed = NOBODY
) -> Availability:
    """Return whether a session still takes somebody: its dates first, then its seats."""
    if (ends := session.ends_at) is not None and ends <= now:
        return Availability.FINISHED
    if session.partner in closed or _has_closed(session, now):
        return Availability.CLOSED
    if (opens := session.enrolment_starts_at) is not None and now < opens:
        return Availability.NOT_YET_OPEN
    if session.unlimited:
        return Availability.AVAILABLE
    seats = seats_left(session, taken)
    if seats is None:
        full = session.capacity is not None and taken >= session.capacity
        return Availability.FULL if full else Availability.UNKNOWN
    return _by_seats(seats, session.capacity)


def offering_availability(
    offering: Offering, taken: Taken, now: datetime, closed: Closed = NOBODY
) -> Availability:
    """Return whether an offering can be had.

    Self-paced courses have a place for everybody unless seats are told; of any other kind
    we know nothing without a session.
    """
    if offering.partner in closed:
        return Availability.CLOSED
    untold = (
        Availability.AVAILABLE
        if offering.delivery_mode is DeliveryMode.SELF_PACED
        else Availability.UNKNOWN
    )
    if not offering.sessions:
        return untold
    found = [session_availability(s, taken(s.id), now) for s in offering.sessions]
    return _best([untold if each is Availability.UNKNOWN else each for each in found])


def course_availability(
    course: Course, taken: Taken, now: datetime, closed: Closed = NOBODY
) -> Availability:
    """Return whether a course can be had from anybody; nobody sells a withdrawn one."""
    if course.withdrawn or not course.offerings:
        return Availability.CLOSED
    if len(course.offerings) == 1:
        return offering_availability(course.offerings[0], taken, now, closed)
    return _best([offering_availability(each, taken, now, closed) for each in course.offerings])


def is_upcoming(session: Session, now: datetime) -> bool:
    """Return whether a session is not over; one without dates is always to come."""
    over = session.ends_at or session.starts_at
    return over is None or over > now


def _has_closed(session: Session, now: datetime) -> bool:
    return (
        ((moment := session.enrolment_ends_at) is not None and moment <= now)
        or ((moment := session.purchase_ends_at) is not None and moment <= now)
        or ((moment := session.starts_at) is not None and moment <= now)
    )


def _by_seats(seats: int, capacity: int | None) -> Availability:
    if seats == 0:
        return Availability.FULL
    few = seats <= FEW_SEATS or (capacity is not None and seats * FEW_IN <= capacity)
    return Availability.LIMITED if few else Availability.AVAILABLE


def _best(found: Sequence[Availability]) -> Availability:
    return found[0] if len(found) == 1 else min(found, key=_BEST_FIRST.index)
