"""One course out of what each partner says of it.  Pure.

The founding offering names the course; where it is silent the others fill in, in the order
in which they came.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TypeVar

from gateway.catalogue.unchecked import unchecked
from schema.model.catalogue import Course, Institution, ListedCourse, Offering
from schema.model.values import CourseId, CourseLevel, DeliveryMode, Money

T = TypeVar("T")

_to_course = unchecked(
    Course,
    *("id", "title", "institution", "summary", "description_html", "category", "level"),
    *("languages", "duration_minutes", "lowest_price", "delivery_modes", "offerings"),
    *("rating", "rating_count", "image_url", "withdrawn"),
)


def to_course(
    course_id: CourseId,
    institution: Institution,
    live: Sequence[Offering],
    withdrawn: Sequence[Offering] = (),
) -> Course:
    """Return the course that `live` offerings sell; without any, as `withdrawn` ones left it.

    Both come with the founding offering first, if it is among them, then by age.
    """
    told = live or withdrawn
    if len(told) == 1:  # as most courses are sold
        return _of_one(course_id, institution, told[0], is_live=bool(live))
    listed = [offering.listed for offering in told]
    rating, rating_count = weighted_rating(listed)
    return Course(
        id=course_id,
        title=listed[0].title,
        institution=institution,
        summary=_first(listed, lambda each: each.summary),
        description_html=_first(listed, lambda each: each.description_html),
        category=_first(listed, lambda each: each.category),
        level=_first(listed, _known_level) or CourseLevel.UNKNOWN,
        languages=tuple(dict.fromkeys(code for each in listed for code in each.languages)),
        duration_minutes=_first(listed, lambda each: each.duration_minutes),
        lowest_price=lowest_price(live),
        delivery_modes=delivery_modes(live),
        offerings=tuple(sorted(live, key=_cheapest_first)),
        rating=rating,
        rating_count=rating_count,
        image_url=_first(listed, lambda each: each.image_url),
        withdrawn=not live,
    )


def _of_one(
    course_id: CourseId, institution: Institution, sold: Offering, *, is_live: bool
) -> Course:
    """Return the course that one offering alone sells: nothing has to be chosen."""
    listed = sold.listed
    rating = listed.rating
    return _to_course(
        course_id,
        listed.title,
        institution,
        listed.summary,
        listed.description_html,
        listed.category,
        listed.level,
        _distinct(listed.languages),
        listed.duration_minutes,
        sold.price if is_live else None,
        _alone(sold.delivery_mode) if is_live else (),
        (sold,) if is_live else (),
        None if rating is None else round(rating, 2),
        None if rating is None else listed.rating_count,
        listed.image_url,
        not is_live,
    )


@cache
def _alone(mode: DeliveryMode) -> tuple[DeliveryMode, ...]:
    return (mode,)


def _distinct(codes: tuple[str, ...]) -> tuple[str, ...]:
    return codes if len(codes) == 1 else tuple(dict.fromkeys(codes))


def lowest_price(offerings: Iterable[Offering]) -> Money | None:
    """Return the lowest price told; one in rupiah goes before any other currency."""
    prices = (offering.price for offering in offerings if offering.price is not None)
    return min(prices, key=_rupiah_first, default=None)


def delivery_modes(offerings: Iterable[Offering]) -> tuple[DeliveryMode, ...]:
    """Return how a course is given; UNKNOWN only if nobody knows better."""
    found = {offering.delivery_mode for offering in offerings}
    if len(found) <= 1:  # as nearly always
        return tuple(found)
    known = tuple(mode for mode in DeliveryMode if mode in found - {DeliveryMode.UNKNOWN})
    return known or tuple(found)


def weighted_rating(listed: Iterable[ListedCourse]) -> tuple[float | None, int | None]:
    """Return the average rating and the number of votes; an untold number is one vote."""
    rated = [(each.rating, each.rating_count) for each in listed if each.rating is not None]
    votes = [max(1, count or 1) for _, count in rated]
    if not rated:
        return None, None
    average = sum(rating * n for (rating, _), n in zip(rated, votes, strict=True)) / sum(votes)
    told = [count for _, count in rated if count is not None]
    return round(average, 2), sum(told) if told else None


def _first(listed: Iterable[ListedCourse], field: Callable[[ListedCourse], T | None]) -> T | None:
    return next((value for value in map(field, listed) if value is not None), None)


def _known_level(listed: ListedCourse) -> CourseLevel | None:
    return None if listed.level is CourseLevel.UNKNOWN else listed.level


def _rupiah_first(price: Money) -> tuple[bool, str, int]:
    return (price.currency != "IDR", price.currency, price.amount)


def _cheapest_first(offering: Offering) -> tuple[bool, tuple[bool, str, int], str, str]:
    price = offering.price or Money(0)
    return (offering.price is None, _rupiah_first(price), offering.partner, offering.key)
