"""A course with everything by which it is found, counted and sorted, worked out once.  Pure."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from gateway.catalogue.documents import Document
from gateway.catalogue.merge import to_course
from gateway.catalogue.rates import RUPIAH_ONLY, Rates
from gateway.catalogue.stored import StoredCourse
from schema.model.catalogue import Course, Institution, Offering, Session
from schema.model.values import folded
from schema.ports import FacetName

TITLE_KEY = 200  # characters of a title that sort it: folding may lengthen text

# Inclusive, in rupiah; the last has no end.
PRICE_BANDS: Sequence[tuple[int, int | None]] = (
    (0, 0), (1, 250_000), (250_001, 500_000), (500_001, 1_000_000), (1_000_001, None),
)  # fmt: skip
_BAND_ENDS = [high for _, high in PRICE_BANDS if high is not None]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one facet that a course has."""

    facet: FacetName
    value: str
    label: str


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
    return Entry(
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
    codes = dict.fromkeys([sold.partner for sold in course.offerings])
    sellers = " ".join(codes).replace("_", " ")
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
    return (moment - _EPOCH) // timedelta(microseconds=1)


def values_of(entry: Entry) -> Iterator[Value]:
    """Yield every value by which a course can be filtered and counted."""
    course = entry.course
    for offering in course.offerings:
        yield _value(FacetName.PARTNER, offering.partner, offering.partner)
        for session in offering.sessions:
            venue = session.venue
            if venue is not None and venue.region_code:
                code = venue.region_code
                yield _value(FacetName.REGION, code, venue.region_name or code)
    yield _value(FacetName.INSTITUTION, course.institution.id, course.institution.name)
    if course.category:
        yield _value(FacetName.CATEGORY, course.category.code, course.category.name)
    yield _spoken(FacetName.LEVEL, course.level)
    for mode in course.delivery_modes:
        yield _spoken(FacetName.DELIVERY_MODE, mode)
    for language in course.languages:
        yield _value(FacetName.LANGUAGE, language, _LANGUAGES.get(language, language))
    if entry.price is not None:
        yield _price_band(bisect_left(_BAND_ENDS, entry.price))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}


def _starts(sessions: Sequence[Session]) -> tuple[datetime, ...]:
    return tuple(sorted({each.starts_at for each in sessions if each.starts_at}))


_value = lru_cache(maxsize=2**15)(Value)  # very many courses have the same


@cache
def _spoken(facet: FacetName, word: str) -> Value:
    return Value(facet, word, word.replace("_", " ").capitalize())


@cache
def _price_band(band: int) -> Value:
    low, high = PRICE_BANDS[band]
    value = f"{low}-{'' if high is None else high}"
    if high is None:
        return Value(FacetName.PRICE, value, f"over {_rupiah(low - 1)}")
    if high == 0:
        return Value(FacetName.PRICE, value, "free")
    return Value(FacetName.PRICE, value, f"{_rupiah(low)} to {_rupiah(high)}")


def _rupiah(amount: int) -> str:
    return f"Rp {amount:,}".replace(",", ".")
