"""My Partner's payloads to canonical records.

Pure: no I/O, no clock.  Surprises: none known yet; name here what surprised you.
"""

from functools import partial
from typing import Any

from adapters.base import Page
from adapters.errors import PartnerContractError
from adapters.parsing import (
    Record,
    Vocabulary,
    category,
    flag,
    minutes,
    optional_text,
    optional_url,
    page,
    price,
    records,
    remote_id,
    title,
)
from schema.model.catalogue import ListedCourse, Offering, UnknownTerm
from schema.model.values import CourseLevel, DeliveryMode, EnrolmentMode, PartnerCode

LEVELS = Vocabulary(
    {
        "beginner": CourseLevel.BEGINNER,
        "intermediate": CourseLevel.INTERMEDIATE,
        "advanced": CourseLevel.ADVANCED,
    },
    unknown=CourseLevel.UNKNOWN,
)
MODES = Vocabulary(
    {
        "self_paced": DeliveryMode.SELF_PACED,
        "live": DeliveryMode.LIVE_ONLINE,
        "onsite": DeliveryMode.ONSITE,
    },
    unknown=DeliveryMode.UNKNOWN,
)


def to_page(body: Any, partner: PartnerCode) -> Page:
    """Translate one answer of `GET /courses`."""
    rows = records(body, "data", partner=partner)
    if "next_page" not in body:  # without it, half a catalogue would look like a whole one
        raise PartnerContractError(partner, "its answer has no 'next_page'")
    return page(
        rows,
        partial(to_offering, partner=partner),
        next_cursor=optional_text(body, "next_page"),
    )


def to_offering(row: Record, partner: PartnerCode) -> Offering:
    """Translate one course; what it raises makes the row a rejection with a reason."""
    terms: list[UnknownTerm] = []
    return Offering(
        partner=partner,
        key=remote_id(row, "id"),
        listed=to_listed(row, terms),
        price=price(row["price"]),
        delivery_mode=MODES.read("mode", row.get("mode"), terms),
        enrolment_mode=EnrolmentMode.DIRECT if flag(row["bookable"]) else EnrolmentMode.LINK,
        url=optional_url(row, "url"),
        unknown_terms=tuple(terms),
    )


def to_listed(row: Record, terms: list[UnknownTerm]) -> ListedCourse:
    """Translate what a course says of itself; adds to `terms` the words we do not know."""
    return ListedCourse(
        title=title(row, "title"),
        institution=title(row, "institution"),
        summary=optional_text(row, "summary"),
        category=category(row.get("category")),
        level=LEVELS.read("level", row.get("level"), terms),
        duration_minutes=minutes(row.get("duration")),
    )
