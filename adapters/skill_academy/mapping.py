"""Skill Academy's payloads to canonical records.

Pure: no I/O, no clock.  Two surprises: prices are rupiah in a string ("350000"), and
archived courses stay listed, with `status` "archived".
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from adapters.base import Page, Quote
from adapters.errors import PartnerContractError
from adapters.parsing import (
    Record,
    Vocabulary,
    category,
    count,
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
)
from adapters.quotes import to_quotes
from schema.model.catalogue import ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import CourseLevel, DeliveryMode, EnrolmentMode, PartnerCode, RemoteId

LEVELS = Vocabulary(
    {
        "Pemula": CourseLevel.BEGINNER,
        "Menengah": CourseLevel.INTERMEDIATE,
        "Mahir": CourseLevel.ADVANCED,
        "Semua Tingkat": CourseLevel.ALL,
    },
    unknown=CourseLevel.UNKNOWN,
)
DELIVERIES = Vocabulary(
    {
        "self_paced": DeliveryMode.SELF_PACED,
        "webinar": DeliveryMode.LIVE_ONLINE,
        "classroom": DeliveryMode.ONSITE,
        "blended": DeliveryMode.BLENDED,
    },
    unknown=DeliveryMode.UNKNOWN,
)


def to_page(body: Any, partner: PartnerCode) -> Page:
    """Translate one answer of `GET /v1/courses`."""
    rows = records(body, "data", partner=partner)
    if "next_cursor" not in body:  # without it, half a catalogue would look like a whole one
        raise PartnerContractError(partner, "its answer has no 'next_cursor'")
    return page(
        rows,
        partial(to_offering, partner=partner),
        next_cursor=optional_text(body, "next_cursor"),
        leave_out=to_rule,
    )


def to_rule(row: Record) -> str | None:
    """Return the rule that keeps a course out: archived ones are no longer sold."""
    return "archived" if row.get("status") == "archived" else None


def to_offering(row: Record, partner: PartnerCode) -> Offering:
    """Translate one course."""
    terms: list[UnknownTerm] = []
    return Offering(
        partner=partner,
        key=remote_id(row, "id"),
        listed=to_listed(row, terms),
        price=price(row["price"]),
        list_price=price(row.get("list_price")),
        delivery_mode=DELIVERIES.read("delivery", row.get("delivery"), terms),
        enrolment_mode=EnrolmentMode.DIRECT if flag(row["bookable"]) else EnrolmentMode.LINK,
        url=optional_url(row, "url"),
        sessions=tuple(to_session(batch, partner) for batch in row.get("batches") or ()),
        unknown_terms=tuple(terms),
    )


def to_listed(row: Record, terms: list[UnknownTerm]) -> ListedCourse:
    """Translate what a course says of itself; adds to `terms` the words we do not know."""
    stars = row.get("rating") or {}
    return ListedCourse(
        title=title(row, "title"),
        institution=title(row["provider"], "name"),
        summary=optional_text(row, "summary"),
        description_html=optional_text(row, "description_html"),
        category=category((row.get("category") or {}).get("name")),
        level=LEVELS.read("level", row.get("level"), terms),
        duration_minutes=minutes(row.get("duration_minutes")),
        rating=rating(stars.get("average")),
        rating_count=count(stars.get("count")),
        image_url=optional_url(row, "image_url"),
    )


def to_session(batch: Record, partner: PartnerCode) -> Session:
    """Translate one batch; its times have an offset, and `timezone` names the place's zone."""
    zone = text(batch, "timezone")
    return Session(
        partner=partner,
        key=remote_id(batch, "id"),
        starts_at=local_time(batch["starts_at"], zone),
        ends_at=local_time(batch["ends_at"], zone),
        enrolment_ends_at=local_time(batch.get("registration_closes_at"), zone),
        venue=to_venue(batch["venue"]) if batch.get("venue") else None,
        capacity=count(batch["capacity"]),
        seats_left=count(batch["seats_left"]),
    )


def to_venue(venue: Record) -> Venue:
    """Translate where a batch is held."""
    return Venue(
        name=optional_text(venue, "name"),
        address=optional_text(venue, "address"),
        region_code=optional_text(venue, "region_code"),
        region_name=optional_text(venue, "region_name"),
    )


def to_quotes_of(body: Any, partner: PartnerCode, asked: Sequence[RemoteId]) -> Sequence[Quote]:
    """Translate one answer of `POST /v1/quotes`."""
    rows = records(body, "data", partner=partner)
    return to_quotes(rows, to_quote, asked=asked, partner=partner)


def to_quote(row: Record) -> Quote:
    """Translate price and seats of one course."""
    told = ((remote_id(each, "id"), count(each["seats_left"])) for each in row.get("batches") or ())
    return Quote(
        offering=remote_id(row, "id"),
        price=price(row["price"]),
        seats=tuple((key, seats) for key, seats in told if seats is not None),
    )
