"""A course with everything by which it is found, counted and sorted, worked out once.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from gateway.catalogue.documents import Document
from gateway.catalogue.merge import to_course
from gateway.catalogue.rates import RUPIAH_ONLY, Rates
from gateway.catalogue.stored import StoredCourse, StoredOffering
from gateway.catalogue.unchecked import unchecked
from schema.model.catalogue import Course, Institution, Offering, Session
from schema.model.values import PartnerCode, folded

TITLE_KEY = 200  # characters of a title that sort it: folding may lengthen text


@dataclass(frozen=True, slots=True)
class Entry:
    """A course as the read model keeps it; `withdrawn` are its tombstones.

    `listed` are the offerings that are sold unless they are blocked, as `to_course` wants them;
    the course has those of them that no block names, or all where a block names each.
    `price` is in rupiah, None when untold or in a currency without a rate.  `starts` are the
    sessions' beginnings, ascending; `title` is folded, for sorting.
    """

    course: Course
    withdrawn: tuple[Offering, ...]
    created_at: datetime
    title: str
    price: int | None
    starts: tuple[datetime, ...]
    listed: tuple[Offering, ...]


_unchecked_entry = unchecked(
    Entry, "course", "withdrawn", "created_at", "title", "price", "starts", "listed"
)


def to_entry(stored: StoredCourse, institution: Institution, rates: Rates = RUPIAH_ONLY) -> Entry:
    """Return what the read model keeps of a course."""
    listed, withdrawn = _parted(stored.offerings)
    course = to_course(stored.id, institution, listed, withdrawn)
    return _to_entry(course, listed, withdrawn, stored.created_at, rates)


def with_left(entry: Entry, left: Sequence[Offering], rates: Rates) -> Entry:
    """Return a course with only those of its listed offerings that are `left`."""
    course = to_course(entry.course.id, entry.course.institution, left)
    return _to_entry(course, entry.listed, entry.withdrawn, entry.created_at, rates)


def _to_entry(
    course: Course,
    listed: tuple[Offering, ...],
    withdrawn: tuple[Offering, ...],
    created_at: datetime,
    rates: Rates,
) -> Entry:
    sessions = sessions_of(course)
    return _unchecked_entry(
        course,
        withdrawn,
        created_at,
        folded(course.title)[:TITLE_KEY],
        rates.to_rupiah(course.lowest_price),
        _starts(sessions) if sessions else (),
        course.offerings if len(listed) == 1 else listed,
    )


def _parted(
    offerings: Sequence[StoredOffering],
) -> tuple[tuple[Offering, ...], tuple[Offering, ...]]:
    """Return which offerings are listed, and which withdrawn."""
    if len(offerings) == 1:  # as most courses are sold
        sold, is_withdrawn = offerings[0]
        return ((), (sold,)) if is_withdrawn else ((sold,), ())
    return (
        tuple([sold for sold, is_withdrawn in offerings if not is_withdrawn]),
        tuple([sold for sold, is_withdrawn in offerings if is_withdrawn]),
    )


def sessions_of(course: Course) -> Sequence[Session]:
    """Return the sessions of all offerings of a course."""
    offerings = course.offerings
    if len(offerings) == 1:
        return offerings[0].sessions
    return [session for offering in offerings for session in offering.sessions]


def to_document(entry: Entry) -> Document:
    """Return the texts by which a course is found."""
    course = entry.course
    sellers = _sellers(tuple([sold.partner for sold in course.offerings]))
    topic = f"{course.category.name if course.category else ''} {sellers}"
    return Document(course.title, course.institution.name, topic, course.summary or "")


def texts_that_differ(
    before: Mapping[int, Entry | None], after: Mapping[int, Entry | None]
) -> tuple[Mapping[int, Document], Mapping[int, Document]]:
    """Return what texts have gone and come: most changes are of a price, a seat or a date."""
    gone = {slot: to_document(each) for slot, each in before.items() if each}
    come = {slot: to_document(each) for slot, each in after.items() if each}
    same = {slot for slot, text in come.items() if gone.get(slot) == text}
    return (
        {slot: text for slot, text in gone.items() if slot not in same},
        {slot: text for slot, text in come.items() if slot not in same},
    )


def as_withdrawn(entry: Entry) -> Course:
    """Return a course as its offerings would leave it if they were withdrawn."""
    course = entry.course
    return to_course(course.id, course.institution, (), (*entry.listed, *entry.withdrawn))


def micros(moment: datetime) -> int:
    """Return a moment as microseconds, exactly: what columns and cursors compare."""
    return (moment - _EPOCH) // _MICROSECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _starts(sessions: Sequence[Session]) -> tuple[datetime, ...]:
    return tuple(sorted({each.starts_at for each in sessions if each.starts_at}))


@lru_cache(maxsize=2**10)  # few partners sell the same courses
def _sellers(partners: tuple[PartnerCode, ...]) -> str:
    return " ".join(dict.fromkeys(partners)).replace("_", " ")
