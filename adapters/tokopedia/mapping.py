"""Tokopedia's products to canonical records (docs/partners/tokopedia.md).

Pure: no I/O, no clock.  Surprises: the course is hidden in attributes with Indonesian
names; a session is a variant whose stock is the seats left; ids may be numbers; and an
old price of 0 means that there is no discount.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from adapters.base import Page, Quote
from adapters.enrolments import JSON_CODEC, EnrolmentCodec
from adapters.parsing import (
    Record,
    RowError,
    Vocabulary,
    category,
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
    to_url,
    whole,
)
from adapters.quotes import to_quotes
from schema.model.catalogue import ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    PartnerCode,
    RemoteId,
    folded,
)

LEVELS = Vocabulary(
    {
        "Pemula": CourseLevel.BEGINNER,
        "Menengah": CourseLevel.INTERMEDIATE,
        "Mahir": CourseLevel.ADVANCED,
        "Semua Tingkat": CourseLevel.ALL,
    },
    unknown=CourseLevel.UNKNOWN,
)
METHODS = Vocabulary(
    {
        "Mandiri": DeliveryMode.SELF_PACED,
        "Daring Langsung": DeliveryMode.LIVE_ONLINE,
        "Tatap Muka": DeliveryMode.ONSITE,
        "Campuran": DeliveryMode.BLENDED,
    },
    unknown=DeliveryMode.UNKNOWN,
)
TIMES = ("%d-%m-%Y %H:%M",)


def to_page(body: Any, partner: PartnerCode, *, number: int, per_page: int) -> Page:
    """Translate page `number` of the product list; one that is not full is the last."""
    rows = records(body, "data.products", partner=partner)
    total = body["data"].get("total_data")
    return page(
        rows,
        partial(to_offering, partner),
        next_cursor=str(number + 1) if len(rows) >= per_page else None,
        total=total if isinstance(total, int) else None,
        key_field="product_id",
    )


def to_offering(partner: PartnerCode, row: Record) -> Offering:
    """Translate one product."""
    course = to_attributes(row)
    terms: list[UnknownTerm] = []
    level = LEVELS.read("level", course.get("level"), terms)
    method = METHODS.read("delivery_mode", course.get("metode"), terms)
    asked = row["price"]
    is_bookable = folded(course.get("bisa dipesan", "")) == "ya"
    return Offering(
        partner=partner,
        key=remote_id(row, "product_id"),
        listed=to_listed(row, course, level),
        price=price(asked["value"], asked["currency"]),
        list_price=price(asked.get("original_value") or None, asked["currency"]),
        delivery_mode=method,
        enrolment_mode=EnrolmentMode.DIRECT if is_bookable else EnrolmentMode.LINK,
        url=optional_url(row, "url"),
        sessions=tuple(to_session(partner, each) for each in row.get("variants") or ()),
        unknown_terms=tuple(terms),
        bundle=folded(course.get("paket", "")) == "ya",
    )


def to_listed(row: Record, course: Mapping[str, str], level: CourseLevel) -> ListedCourse:
    """Translate what the product and its attributes say of the course."""
    if "lembaga" not in course:
        raise RowError("has no attribute 'Lembaga'")
    rated = row.get("rating") or {}
    pictures = row.get("pictures") or [{}]
    return ListedCourse(
        title=title(row, "name"),
        institution=title(course, "lembaga"),
        summary=optional_text(row, "short_desc"),
        description_html=optional_text(row, "description"),
        category=category((row.get("category") or {}).get("name")),
        level=level,
        duration_minutes=minutes(course.get("durasi")),
        rating=rating(rated.get("average")),
        rating_count=whole(rated.get("count") or 0),
        image_url=to_url(pictures[0].get("url")),
    )


def to_session(partner: PartnerCode, variant: Record) -> Session:
    """Translate one variant; its times are local, with the zone's name at the end."""
    fields = to_attributes(variant)
    starts, separator, ends = fields.get("jadwal", "").partition(" - ")
    if not separator:
        raise RowError(f"variant {variant.get('variant_id')!r} has no 'Jadwal' from - to")
    zone = ends.rpartition(" ")[2]
    return Session(
        partner=partner,
        key=remote_id(variant, "variant_id"),
        starts_at=local_time(starts, zone, TIMES),
        ends_at=local_time(ends, zone, TIMES),
        enrolment_ends_at=local_time(fields.get("batas daftar"), zone, TIMES),
        venue=to_venue(fields),
        capacity=to_seats(fields.get("kuota")),
        seats_left=to_seats(variant.get("stock")),
    )


def to_venue(fields: Mapping[str, str]) -> Venue | None:
    """Translate where a session is held; None when no attribute tells."""
    venue = Venue(
        name=optional_text(fields, "lokasi"),
        address=optional_text(fields, "alamat"),
        region_code=optional_text(fields, "kode wilayah"),
        region_name=optional_text(fields, "wilayah"),
    )
    return None if venue == Venue() else venue


def to_seats(told: Any) -> int | None:
    """Return a number of seats; oversold is none left."""
    return None if told is None else max(0, whole(told))


def to_attributes(row: Record) -> dict[str, str]:
    """Return attributes by folded name."""
    return {folded(each["name"]): str(each["value"]) for each in row.get("attributes") or ()}


def to_quotes_of(body: Any, partner: PartnerCode, asked: Sequence[RemoteId]) -> Sequence[Quote]:
    """Translate one answer of `GET /v1/products/info`."""
    return to_quotes(records(body, "data", partner=partner), to_quote, asked=asked, partner=partner)


def to_quote(row: Record) -> Quote:
    """Translate price and stock of one product."""
    told = (
        (remote_id(v, "variant_id"), to_seats(v.get("stock"))) for v in row.get("variants") or ()
    )
    return Quote(
        offering=remote_id(row, "product_id"),
        price=price(row["price"]["value"], row["price"]["currency"]),
        seats=tuple((key, seats) for key, seats in told if seats is not None),
    )


def _decode(body: bytes) -> Mapping[str, Any]:
    receipt: Mapping[str, Any] = orjson.loads(body)["data"]
    return receipt


CODEC = EnrolmentCodec(JSON_CODEC.encode, _decode, JSON_CODEC.content_type)
