"""A course in the words of schema.org, for search engines.  Pure: records in, JSON-LD out.

What a partner does not tell is left out, never guessed.  Search engines want a
description, so a course without one is described by its title and who gives it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schema.availability import is_upcoming
from schema.model.catalogue import Course, Freshness, Offering, Session, Venue
from schema.model.values import (
    EXPONENTS,
    Availability,
    CourseLevel,
    DeliveryMode,
    Money,
    PartnerCode,
)

MOST_SESSIONS = 20  # of one offering, the next to begin

MODES: Mapping[DeliveryMode, str] = {
    DeliveryMode.SELF_PACED: "Online",
    DeliveryMode.LIVE_ONLINE: "Online",
    DeliveryMode.ONSITE: "Onsite",
    DeliveryMode.BLENDED: "Blended",
}
_LEVELS: Mapping[CourseLevel, str] = {
    CourseLevel.BEGINNER: "Beginner",
    CourseLevel.INTERMEDIATE: "Intermediate",
    CourseLevel.ADVANCED: "Advanced",
}
# As JSON inside HTML: nothing that could end the script element, or a line of it.
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}

_AVAILABILITY: Mapping[Availability, str] = {  # of the others we know nothing
    Availability.AVAILABLE: "https://schema.org/InStock",
    Availability.LIMITED: "https://schema.org/LimitedAvailability",
    Availability.WAITLIST: "https://schema.org/BackOrder",
    Availability.NOT_YET_OPEN: "https://schema.org/PreOrder",
    Availability.FULL: "https://schema.org/SoldOut",
    Availability.CLOSED: "https://schema.org/OutOfStock",
    Availability.FINISHED: "https://schema.org/OutOfStock",
}
OVER = frozenset({Availability.CLOSED, Availability.FINISHED})


@dataclass(frozen=True, slots=True)
class Standing:
    """How offerings stand at one moment, as GraphQL would tell it at that moment."""

    name_of: Callable[[PartnerCode], str]
    availability_of: Callable[[Offering], Availability]
    freshness_of: Callable[[Offering], Freshness]
    now: datetime


def to_linked_data(course: Course, url: str, standing: Standing) -> dict[str, Any]:
    """Return the course as a schema.org `Course`; `url` is its page."""
    found = {
        "@context": "https://schema.org",
        "@type": "Course",
        "@id": url,
        "url": url,
        "name": course.title,
        "description": described(course),
        "provider": {"@type": "Organization", "name": course.institution.name},
        "inLanguage": list(course.languages),
        "educationalLevel": _LEVELS.get(course.level),
        "about": course.category.name if course.category else None,
        "timeRequired": to_duration(course.duration_minutes),
        "image": web_address(course.image_url),
        "aggregateRating": _rating(course),
        "offers": [offer for each in course.offerings if (offer := _offer(each, standing))],
        "hasCourseInstance": [
            instance for each in course.offerings for instance in _instances(course, each, standing)
        ],
    }
    return _told(found)


def to_script(linked_data: Mapping[str, Any]) -> str:
    """Return JSON that can stand inside a `script` element."""
    return json.dumps(linked_data, ensure_ascii=False).translate(_ESCAPES)


def described(course: Course) -> str:
    """Return what a course is about, or at least what it is called and who gives it."""
    return course.summary or f"{course.title} ({course.institution.name})"


def to_duration(minutes: int | None) -> str | None:
    """Return minutes as an ISO 8601 duration ("PT1H30M"), or None for none."""
    if not minutes:
        return None
    hours, rest = divmod(minutes, 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{rest}M" if rest else "")


def to_decimal(price: Money) -> str:
    """Return an amount in main units: "350000" rupiah, "19.99" dollars."""
    digits = EXPONENTS[price.currency]
    whole, coins = divmod(price.amount, 10**digits)
    return f"{whole}.{coins:0{digits}}" if digits else str(whole)


def web_address(url: str | None) -> str | None:
    """Return `url` if a browser may be sent there."""
    return url if url and url.lower().startswith(("https://", "http://")) else None


def next_sessions(offering: Offering, now: datetime) -> Sequence[Session]:
    """Return the sessions that are not over, soonest first."""
    upcoming = [session for session in offering.sessions if is_upcoming(session, now)]
    dated = sorted((s for s in upcoming if s.starts_at), key=lambda s: (s.starts_at, s.id))
    return [*dated, *(s for s in upcoming if not s.starts_at)][:MOST_SESSIONS]


def _offer(offering: Offering, standing: Standing) -> dict[str, Any] | None:
    """Return an offer with its price; without one nobody could say whether it is free."""
    if offering.price is None:
        return None
    return _told(
        {
            "@type": "Offer",
            "category": "Paid" if offering.price.amount else "Free",
            "price": to_decimal(offering.price),
            "priceCurrency": offering.price.currency,
            "url": web_address(offering.url),
            "availability": _AVAILABILITY.get(standing.availability_of(offering)),
            "seller": {"@type": "Organization", "name": standing.name_of(offering.partner)},
        }
    )


def _instances(course: Course, offering: Offering, standing: Standing) -> Iterator[dict[str, Any]]:
    """Give an instance per session; of an offering that has none at all, one without dates.

    What nobody can take any more is not announced.
    """
    if standing.availability_of(offering) in OVER:
        return
    common = {
        "@type": "CourseInstance",
        "courseMode": MODES.get(offering.delivery_mode),
        "courseWorkload": to_duration(course.duration_minutes),
    }
    if not offering.sessions:
        yield _told(common)
    for session in next_sessions(offering, standing.now):
        yield _told(common | _when_and_where(session))


def _when_and_where(session: Session) -> dict[str, Any]:
    return {
        "startDate": _iso(session.starts_at),
        "endDate": _iso(session.ends_at),
        "courseSchedule": _schedule(session),
        "location": _place(session.venue),
        "maximumAttendeeCapacity": session.capacity,
    }


def _schedule(session: Session) -> dict[str, Any] | None:
    """Return when it meets: a session of one day meets once; of a longer one we know the ends."""
    begins, ends = session.starts_at, session.ends_at
    if begins is None or ends is None or ends < begins:
        return None
    schedule: dict[str, Any] = {
        "@type": "Schedule",
        "startDate": begins.date().isoformat(),
        "endDate": ends.astimezone(begins.tzinfo).date().isoformat(),
    }
    if schedule["startDate"] == schedule["endDate"]:
        schedule |= {
            "repeatFrequency": "Daily",
            "repeatCount": 1,
            "duration": to_duration((ends - begins) // timedelta(minutes=1)),
        }
    return _told(schedule)


def _place(venue: Venue | None) -> dict[str, Any] | None:
    if venue is None:
        return None
    address = _told(
        {
            "@type": "PostalAddress",
            "streetAddress": venue.address,
            "addressRegion": venue.region_name,
            "addressCountry": "ID",
        }
    )
    return _told({"@type": "Place", "name": venue.name, "address": address})


def _rating(course: Course) -> dict[str, Any] | None:
    if course.rating is None or not course.rating_count:
        return None
    return {
        "@type": "AggregateRating",
        "ratingValue": course.rating,
        "ratingCount": course.rating_count,
        "bestRating": 5,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _told(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return `found` without what is not told."""
    return {name: value for name, value in found.items() if value not in (None, [], "")}
