"""Bukalapak's products to canonical records (docs/partners/bukalapak.md).

Pure: no I/O, no clock.  Surprises: the price is the list price minus a percentage; the
institution is the store; and the list moves while it is read, so that the total of one
page says little about the next.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

import orjson

from adapters.base import Page
from adapters.enrolments import JSON_CODEC, EnrolmentCodec
from adapters.parsing import (
    Record,
    RowError,
    Vocabulary,
    category,
    flag,
    local_time,
    minutes,
    optional_text,
    optional_url,
    page,
    price,
    rating,
    records,
    remote_id,
    text,
    title,
    to_url,
    whole,
)
from schema.model.catalogue import ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import CourseLevel, DeliveryMode, EnrolmentMode, Money, PartnerCode

OVERLAP = 5  # rows read again with the next page: one that slid to the left is still seen
LEVELS = Vocabulary(
    {
        "beginner": CourseLevel.BEGINNER,
        "intermediate": CourseLevel.INTERMEDIATE,
        "expert": CourseLevel.ADVANCED,
        "all_levels": CourseLevel.ALL,
    },
    unknown=CourseLevel.UNKNOWN,
)
METHODS = Vocabulary(
    {
        "video": DeliveryMode.SELF_PACED,
        "webinar": DeliveryMode.LIVE_ONLINE,
        "in_class": DeliveryMode.ONSITE,
        "mixed": DeliveryMode.BLENDED,
    },
    unknown=DeliveryMode.UNKNOWN,
)


def to_page(body: Any, partner: PartnerCode, *, offset: int, limit: int) -> Page:
    """Translate the product list from `offset`."""
    rows = records(body, "data", partner=partner)
    meta = body.get("meta")
    total = meta.get("total") if isinstance(meta, Mapping) else None
    told = total if isinstance(total, int) else None
    following = next_offset(offset, len(rows), limit=limit, total=told or 0)
    return page(
        rows,
        partial(to_offering, partner),
        next_cursor=None if following is None else str(following),
        total=told,
    )


def next_offset(offset: int, count: int, *, limit: int, total: int) -> int | None:
    """Return where the next page begins: always further on, and None after the last.

    `total` alone ends nothing: it may have been told before the list grew.
    """
    is_last = count < limit and offset + count >= total
    return None if count == 0 or is_last else offset + max(count - OVERLAP, 1)


def to_offering(partner: PartnerCode, row: Record) -> Offering:
    """Translate one product."""
    course = row.get("course") or {}
    terms: list[UnknownTerm] = []
    level = LEVELS.read("level", course.get("level"), terms)
    method = METHODS.read("delivery_mode", course.get("method"), terms)
    asked, before = to_prices(row)
    is_bookable = flag(row.get("bookable"))
    return Offering(
        partner=partner,
        key=remote_id(row, "id"),
        listed=to_listed(row, level),
        price=asked,
        list_price=before,
        delivery_mode=method,
        enrolment_mode=EnrolmentMode.DIRECT if is_bookable else EnrolmentMode.LINK,
        url=optional_url(row, "url"),
        sessions=tuple(to_session(partner, each) for each in row.get("schedules") or ()),
        unknown_terms=tuple(terms),
    )


def to_prices(row: Record) -> tuple[Money | None, Money | None]:
    """Return the price and, when something is taken off, the list price that it is off."""
    listed = price(row["price"])
    percent = (row.get("discount") or {}).get("percent") or 0
    if listed is None or not percent:
        return listed, None
    off = Decimal(str(percent))
    if not 0 < off <= 100:  # noqa: PLR2004  per cent
        raise RowError(f"a discount of {percent!r} per cent is not between 0 and 100")
    asked = (listed.amount * (100 - off) / 100).to_integral_value(ROUND_HALF_UP)
    return Money(int(asked)), listed


def to_listed(row: Record, level: CourseLevel) -> ListedCourse:
    """Translate what the product says of the course."""
    rated = row.get("rating") or {}
    images = row.get("images") or [None]
    return ListedCourse(
        title=title(row, "name"),
        institution=title(row["store"], "name"),
        summary=optional_text(row, "short_description"),
        description_html=optional_text(row, "description"),
        category=category((row.get("category") or {}).get("name")),
        level=level,
        duration_minutes=minutes((row.get("course") or {}).get("minutes")),
        rating=rating(rated.get("average_rate")),
        rating_count=whole(rated.get("user_count") or 0),
        image_url=to_url(images[0]),
    )


def to_session(partner: PartnerCode, schedule: Record) -> Session:
    """Translate one schedule."""
    zone = text(schedule, "timezone")
    return Session(
        partner=partner,
        key=remote_id(schedule, "id"),
        starts_at=local_time(schedule["start_time"], zone),
        ends_at=local_time(schedule.get("end_time"), zone),
        enrolment_ends_at=local_time(schedule.get("registration_deadline"), zone),
        venue=to_venue(schedule.get("location") or {}),
        capacity=to_seats(schedule.get("quota")),
        seats_left=to_seats(schedule.get("remaining")),
    )


def to_venue(location: Record) -> Venue | None:
    """Translate where a session is held; None when nothing tells."""
    region = location.get("region") or {}
    venue = Venue(
        name=optional_text(location, "name"),
        address=optional_text(location, "address"),
        region_code=optional_text(region, "code"),
        region_name=optional_text(region, "name"),
    )
    return None if venue == Venue() else venue


def to_seats(told: Any) -> int | None:
    """Return a number of seats; oversold is none left."""
    return None if told is None else max(0, whole(told))


def _decode(body: bytes) -> Mapping[str, Any]:
    receipt: Mapping[str, Any] = orjson.loads(body)["data"]
    return receipt


CODEC = EnrolmentCodec(JSON_CODEC.encode, _decode, JSON_CODEC.content_type)
