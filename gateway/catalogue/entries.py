"""A course with everything by which it is found, counted and sorted, worked out once.  Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.catalogue.index import Document
from gateway.catalogue.merge import to_course
from gateway.catalogue.rates import RUPIAH_ONLY, Rates
from gateway.catalogue.stored import StoredCourse
from schema.model.catalogue import Course, Institution, Offering
from schema.model.values import folded
from schema.ports import FacetName

TITLE_KEY = 200  # characters of a title that sort it: folding may lengthen text

# Inclusive, in rupiah; the last has no end.
PRICE_BANDS: Sequence[tuple[int, int | None]] = (
    (0, 0), (1, 250_000), (250_001, 500_000), (500_001, 1_000_000), (1_000_001, None),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one facet that a course has."""

    facet: FacetName
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A course as the read model keeps it; `withdrawn` are its tombstones.

    `price` is in rupiah, None when untold or in a currency without a rate.  `starts` are the
    sessions' beginnings, ascending; `title` is folded, for sorting.
    """

    course: Course
    withdrawn: tuple[Offering, ...]
    created_at: datetime
    title: str
    price: int | None
    starts: tuple[datetime, ...]


def to_entry(stored: StoredCourse, institution: Institution, rates: Rates = RUPIAH_ONLY) -> Entry:
    """Return what the read model keeps of a course."""
    live = tuple(sold.offering for sold in stored.offerings if not sold.withdrawn)
    withdrawn = tuple(sold.offering for sold in stored.offerings if sold.withdrawn)
    course = to_course(stored.id, institution, live, withdrawn)
    sessions = (session for offering in live for session in offering.sessions)
    return Entry(
        course=course,
        withdrawn=withdrawn,
        created_at=stored.created_at,
        title=folded(course.title)[:TITLE_KEY],
        price=rates.to_rupiah(course.lowest_price),
        starts=tuple(sorted({each.starts_at for each in sessions if each.starts_at})),
    )


def to_document(entry: Entry) -> Document:
    """Return the texts by which a course is found."""
    course = entry.course
    sellers = " ".join(dict.fromkeys(sold.partner.replace("_", " ") for sold in course.offerings))
    return Document(
        title=course.title,
        institution=course.institution.name,
        topic=f"{course.category.name if course.category else ''} {sellers}",
        summary=course.summary or "",
    )


def micros(moment: datetime) -> int:
    """Return a moment as microseconds, exactly: what columns and cursors compare."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def values_of(entry: Entry) -> Iterator[Value]:
    """Yield every value by which a course can be filtered and counted."""
    course = entry.course
    for offering in course.offerings:
        yield Value(FacetName.PARTNER, offering.partner, offering.partner)
        for session in offering.sessions:
            if session.venue and session.venue.region_code:
                code = session.venue.region_code
                yield Value(FacetName.REGION, code, session.venue.region_name or code)
    yield Value(FacetName.INSTITUTION, course.institution.id, course.institution.name)
    if course.category:
        yield Value(FacetName.CATEGORY, course.category.code, course.category.name)
    yield Value(FacetName.LEVEL, course.level, _spoken(course.level))
    for mode in course.delivery_modes:
        yield Value(FacetName.DELIVERY_MODE, mode, _spoken(mode))
    for language in course.languages:
        yield Value(FacetName.LANGUAGE, language, _LANGUAGES.get(language, language))
    if entry.price is not None:
        yield _price_band(entry.price)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}


def _spoken(word: str) -> str:
    return word.replace("_", " ").capitalize()


def _price_band(price: int) -> Value:
    low, high = next(
        (low, high) for low, high in PRICE_BANDS if low <= price and (high is None or price <= high)
    )
    value = f"{low}-{'' if high is None else high}"
    if high is None:
        return Value(FacetName.PRICE, value, f"over {_rupiah(low - 1)}")
    if high == 0:
        return Value(FacetName.PRICE, value, "free")
    return Value(FacetName.PRICE, value, f"{_rupiah(low)} to {_rupiah(high)}")


def _rupiah(amount: int) -> str:
    return f"Rp {amount:,}".replace(",", ".")
