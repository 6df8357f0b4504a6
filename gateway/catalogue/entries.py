"""A course with everything by which it is found, counted and sorted, worked out once.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from gateway.catalogue.documents import Document
from gateway.catalogue.merge import to_course
from gateway.catalogue.rates import RUPIAH_ONLY, Rates
from gateway.catalogue.stored import StoredCourse
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


_unchecked_entry = unchecked(Entry)


def to_entry(stored: StoredCourse, institution: Institution, rates: Rates = RUPIAH_ONLY) -> Entry:
    """Return what the read model keeps of a course."""
    listed = tuple([sold.offering for sold in stored.offerings if not sold.withdrawn])
    withdrawn = tuple([sold.offering for sold in stored.offerings if sold.withdrawn])
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
    sessions = [session for offering in course.offerings for session in offering.sessions]
    return _unchecked_entry(
        course=course,
        withdrawn=withdrawn,
        created_at=created_at,
        title=folded(course.title)[:TITLE_KEY],
        price=rates.to_rupiah(course.lowest_price),
        starts=_starts(sessions) if sessions else (),
        listed=course.offerings if len(listed) == 1 else listed,
    )


def to_document(entry: Entry) -> Document:
    """Return the texts by which a course is found."""
    course = entry.course
    sellers = _sellers(tuple([sold.partner for sold in course.offerings]))
    return Document(
        title=course.title,
        institution=course.institution.name,
        topic=f"{course.category.name if course.category else ''} {sellers}",
        summary=course.summary or "",
    )


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
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _starts(sessions: Sequence[Session]) -> tuple[datetime, ...]:
    return tuple(sorted({each.starts_at for each in sessions if each.starts_at}))


@lru_cache(maxsize=2**10)  # few partners sell the same courses
def _sellers(partners: tuple[PartnerCode, ...]) -> str:
    return " ".join(dict.fromkeys(partners)).replace("_", " ")
