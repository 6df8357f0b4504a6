"""Pijar Mahir's payloads to canonical records, and its envelope of receipts.

Pure: no I/O, no clock.  The surprises: booleans as text, zero dates, a category by name
or by slug, filler behind institutions' names, `priceAfter` beside `price`; summary and
level stand inside the description's HTML.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson

from adapters.base import Page
from adapters.enrolments import JSON_CODEC, EnrolmentCodec
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
    title,
)
from adapters.pijar_mahir.template import lines_under
from schema.model.catalogue import Category, ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import CourseLevel, DeliveryMode, EnrolmentMode, Money, PartnerCode

LEVELS = Vocabulary(
    {
        "Basic / Tingkat dasar": CourseLevel.BEGINNER,
        "Tingkat dasar": CourseLevel.BEGINNER,
        "Dasar": CourseLevel.BEGINNER,
        "Pemula": CourseLevel.BEGINNER,
        "Intermediate / Tingkat menengah": CourseLevel.INTERMEDIATE,
        "Tingkat menengah": CourseLevel.INTERMEDIATE,
        "Menengah": CourseLevel.INTERMEDIATE,
        "Advance / Tingkat lanjut": CourseLevel.ADVANCED,
        "Tingkat lanjut": CourseLevel.ADVANCED,
        "Lanjut": CourseLevel.ADVANCED,
        "Semua tingkat": CourseLevel.ALL,
    },
    unknown=CourseLevel.UNKNOWN,
)
TYPES = Vocabulary(
    {
        "Pembelajaran Mandiri": DeliveryMode.SELF_PACED,
        "Webinar": DeliveryMode.LIVE_ONLINE,
        "Tatap Muka": DeliveryMode.ONSITE,
        "Kombinasi": DeliveryMode.BLENDED,
    },
    unknown=DeliveryMode.UNKNOWN,
)
MOMENT = ("%Y-%m-%d %H:%M:%S",)
USUAL_ZONE = "WIB"
_FILLER = re.compile(r"(?:\s+[.\-])+\s*$")  # "Vokraf .", but not "PT Maju Tbk."
_SLUG = re.compile(r"[a-z]+(?:-[a-z]+)*")
_SMALL_WORDS = {"dan", "untuk", "di", "hidup"}  # the programme writes "Gaya hidup"


def to_page(body: Any, partner: PartnerCode, *, page_number: int) -> Page:
    """Translate one answer of `GET /api/courses`; an empty one ends the walk."""
    rows = records(body, "data", partner=partner)
    return page(
        rows,
        partial(to_offering, partner=partner),
        next_cursor=str(page_number + 1) if rows else None,
        leave_out=to_rule,
    )


def to_rule(row: Record) -> str | None:
    """Return the rule that keeps a course out: only available ones are sold."""
    return None if row.get("classStatus", "available") == "available" else "not available"


def to_offering(row: Record, partner: PartnerCode) -> Offering:
    """Translate one course."""
    terms: list[UnknownTerm] = []
    now, before = to_prices(row)
    is_bookable = flag(row.get("partnerCheckout"))
    return Offering(
        partner=partner,
        key=remote_id(row, "id"),
        listed=to_listed(row, terms),
        price=now,
        list_price=before,
        delivery_mode=TYPES.read("coursetype", row.get("coursetype"), terms),
        enrolment_mode=EnrolmentMode.DIRECT if is_bookable else EnrolmentMode.LINK,
        url=optional_url(row, "url"),
        sessions=tuple(to_session(each, partner) for each in row.get("schedules") or ()),
        unknown_terms=tuple(terms),
    )


def to_prices(row: Record) -> tuple[Money | None, Money | None]:
    """Return what is paid, and what was asked before a discount, if there is one."""
    asked, after = price(row["price"]), price(row.get("priceAfter"))
    return (asked, None) if after is None else (after, asked)


def to_listed(row: Record, terms: list[UnknownTerm]) -> ListedCourse:
    """Translate what a course says of itself; adds to `terms` the words we do not know."""
    html = optional_text(row, "summary")
    summary, level = (lines_under(html or "", name) for name in ("Deskripsi", "Level"))
    return ListedCourse(
        title=title(row, "fullname"),
        institution=to_institution(title(row, "teacher")),
        summary=" ".join(summary) or None,
        description_html=html,
        category=to_category(row.get("category_name")),
        level=LEVELS.read("level", level[0] if level else None, terms),
        duration_minutes=minutes(row.get("duration")),
        rating=rating(row.get("rating")),
        rating_count=count(row.get("totalrater")),
        image_url=optional_url(row, "thumbnail"),
    )


def to_institution(teacher: str) -> str:
    """Return the institution's name without the filler behind it."""
    return _FILLER.sub("", teacher) or teacher


def to_category(name: Any) -> Category | None:
    """Return the category; a slug is spelled out, so that it reads like the name."""
    if isinstance(name, str) and _SLUG.fullmatch(name):
        words = [word if word in _SMALL_WORDS else word.capitalize() for word in name.split("-")]
        name = " ".join(words)
    return category(name)


def to_session(row: Record, partner: PartnerCode) -> Session:
    """Translate one schedule, whose times are local."""
    zone = optional_text(row, "timezone") or USUAL_ZONE
    return Session(
        partner=partner,
        key=remote_id(row, "id"),
        starts_at=local_time(row["start"], zone, MOMENT),
        ends_at=local_time(row.get("end"), zone, MOMENT),
        enrolment_ends_at=local_time(row.get("registration_end"), zone, MOMENT),
        venue=to_venue(row),
        capacity=count(row.get("quota")),
        seats_left=count(row.get("available")),
    )


def to_venue(row: Record) -> Venue | None:
    """Translate where a session is held; None when nothing is told, as for a webinar."""
    venue = Venue(
        name=optional_text(row, "place"),
        address=optional_text(row, "address"),
        region_code=optional_text(row, "region_code"),
        region_name=optional_text(row, "region"),
    )
    return None if venue == Venue() else venue


def _unwrapped(body: bytes) -> Mapping[str, Any]:
    receipt: Mapping[str, Any] = orjson.loads(body)["data"]
    return receipt


CODEC = EnrolmentCodec(JSON_CODEC.encode, _unwrapped, JSON_CODEC.content_type)
