"""What a course has of each facet: told as cheaply as can be, and spelled out once for all.  Pure.

A hundred thousand courses have few different categories, places and prices.  So what each has is
first *told*, as something that can be compared and no more; only what differs is spelled out as
values and labels.
"""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from gateway.catalogue.entries import Entry
from schema.model.catalogue import Offering
from schema.ports import FacetName

# Inclusive, in rupiah; the last has no end.
PRICE_BANDS: Sequence[tuple[int, int | None]] = (
    (0, 0), (1, 250_000), (250_001, 500_000), (500_001, 1_000_000), (1_000_001, None),
)  # fmt: skip
_BAND_ENDS = [high for _, high in PRICE_BANDS if high is not None]
_LANGUAGES = {"id": "Bahasa Indonesia", "en": "English"}

Told = tuple[Hashable, ...]
Labels = Mapping[str, str]  # of values


def told_by(entry: Entry | None) -> Told:
    """Return what a course has of each facet in turn; None where it has nothing."""
    if entry is None:
        return _NOTHING
    course = entry.course
    institution, category, price = course.institution, course.category, entry.price
    return (
        tuple([each.partner for each in course.offerings]),
        (institution.id, institution.name),
        None if category is None else (category.code, category.name),
        course.level,
        course.delivery_modes,
        _regions(course.offerings),
        course.languages,
        None if price is None else bisect_left(_BAND_ENDS, price),
    )


def labels_of(facet: FacetName, told: Any) -> Labels:
    """Return the values that were told of a facet, and how they are shown."""
    return {} if told is None else {str(v): label for v, label in _SPELLED[facet](told)}


def _regions(offerings: Sequence[Offering]) -> Hashable:
    venues = [run.venue for sold in offerings for run in sold.sessions if run.venue is not None]
    return tuple([(each.region_code, each.region_name) for each in venues]) if venues else None


def _spoken(word: str) -> tuple[str, str]:
    return word, word.replace("_", " ").capitalize()


def _price_band(band: int) -> tuple[str, str]:
    low, high = PRICE_BANDS[band]
    value = f"{low}-{'' if high is None else high}"
    if high is None:
        return value, f"over {_rupiah(low - 1)}"
    return value, f"{_rupiah(low)} to {_rupiah(high)}" if high else "free"


def _rupiah(amount: int) -> str:
    return f"Rp {amount:,}".replace(",", ".")


# In the order in which a course's are told.
_SPELLED: Mapping[FacetName, Callable[[Any], Iterable[tuple[str, str]]]] = {
    FacetName.PARTNER: lambda codes: [(code, code) for code in codes],
    FacetName.INSTITUTION: lambda named: [named],
    FacetName.CATEGORY: lambda named: [named],
    FacetName.LEVEL: lambda level: [_spoken(level)],
    FacetName.DELIVERY_MODE: lambda modes: map(_spoken, modes),
    FacetName.REGION: lambda found: [(code, name or code) for code, name in found if code],
    FacetName.LANGUAGE: lambda codes: [(code, _LANGUAGES.get(code, code)) for code in codes],
    FacetName.PRICE: lambda band: [_price_band(band)],
}
TOLD = tuple(_SPELLED)
_NOTHING: Told = (None,) * len(TOLD)
