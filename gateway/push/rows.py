"""One pushed row: our own JSON of an offering, checked strictly, to a record.  Pure.

A partner that pushes writes in our words, so what is not exactly so is refused with a reason:
a misspelt field would otherwise be lost without a sound.  Only words of level and delivery mode
that we do not know are kept, as everywhere.
"""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from adapters.parsing import RowError, Vocabulary, category, local_time, to_url, zone_of
from adapters.spellings import MOST_COINS, MOST_MINUTES
from schema.model.catalogue import ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
    RemoteId,
)

MOST_SESSIONS = 1_000
LONGEST_KEY = 200
DEFAULT_ZONE = "Asia/Jakarta"

T = TypeVar("T")
Key = Annotated[str, Meta(min_length=1, max_length=LONGEST_KEY, description="Your own id of it.")]
Name = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(max_length=100_000)]
Url = Annotated[str, Meta(max_length=2_000, description="An https or http address.")]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]
Moment = Annotated[
    str, Meta(max_length=40, description="ISO 8601; without an offset it is in `time_zone`.")
]
Language = Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$", max_length=20)]


class Price(msgspec.Struct, forbid_unknown_fields=True):
    """A price in whole units of the smallest coin in use: whole rupiah, cents of a dollar."""

    amount: Annotated[int, Meta(ge=0, le=MOST_COINS)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "IDR"


class PlaceRow(msgspec.Struct, forbid_unknown_fields=True):
    """Where a session is held; `region_code` is the official code, such as 31.71."""

    name: Name | None = None
    address: Text | None = None
    region_code: Annotated[str, Meta(pattern="^[0-9]{2}([.][0-9]{2}){0,2}$")] | None = None
    region_name: Name | None = None


class SessionRow(msgspec.Struct, forbid_unknown_fields=True):
    """A dated run of an offering."""

    key: Key
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    enrolment_starts_at: Moment | None = None
    enrolment_ends_at: Moment | None = None
    time_zone: Annotated[str, Meta(max_length=40)] = DEFAULT_ZONE
    venue: PlaceRow | None = None
    capacity: Count | None = None
    seats_left: Count | None = None
    unlimited: bool = False


class OfferingRow(msgspec.Struct, forbid_unknown_fields=True):
    """An offering of the partner."""

    key: Key
    title: Name
    institution: Name
    summary: Text | None = None
    description_html: Text | None = None
    category: Name | None = None
    level: Annotated[str, Meta(max_length=100)] | None = None
    languages: Annotated[list[Language], Meta(max_length=20)] = msgspec.field(
        default_factory=lambda: ["id"]
    )
    duration_minutes: Annotated[int, Meta(ge=1, le=MOST_MINUTES)] | None = None
    rating: Annotated[float, Meta(ge=0, le=5)] | None = None
    rating_count: Count | None = None
    image_url: Url | None = None
    price: Price | None = None
    list_price: Price | None = None
    delivery_mode: Annotated[str, Meta(max_length=100)] | None = None
    enrolment_mode: Literal["LINK", "PARTNER_SITE"] = "LINK"
    url: Url | None = None
    bundle: bool = False
    sessions: Annotated[list[SessionRow], Meta(max_length=MOST_SESSIONS)] = []


class WithdrawRow(msgspec.Struct, forbid_unknown_fields=True):
    """A delta's line that takes an offering back."""

    withdraw: Key


class EndRow(msgspec.Struct, forbid_unknown_fields=True):
    """The last line: how many rows the whole session has, this line not counted."""

    end: Annotated[int, Meta(ge=0)]


_LEVELS = Vocabulary({level: level for level in CourseLevel}, unknown=CourseLevel.UNKNOWN)
_MODES = Vocabulary({mode: mode for mode in DeliveryMode}, unknown=DeliveryMode.UNKNOWN)


def converted(row: Any, kind: type[T]) -> T:
    """Return a decoded row as `kind`.  Raises `RowError`, which names the place."""
    try:
        return msgspec.convert(row, kind)
    except msgspec.ValidationError as exc:
        raise RowError(str(exc)) from exc


def to_offering(partner: PartnerCode, row: Any, currencies: Collection[str]) -> Offering:
    """Return what a decoded row offers.  Raises `RowError`."""
    told = converted(row, OfferingRow)
    terms: list[UnknownTerm] = []
    listed = ListedCourse(
        title=told.title,
        institution=told.institution,
        summary=told.summary,
        description_html=told.description_html,
        category=category(told.category),
        level=_LEVELS.read("level", told.level, terms),
        languages=tuple(told.languages),
        duration_minutes=told.duration_minutes,
        rating=told.rating or None,
        rating_count=told.rating_count,
        image_url=_to_address(told.image_url, "image_url"),
    )
    return Offering(
        partner=partner,
        key=_to_key(told.key),
        listed=listed,
        price=_to_money(told.price, currencies),
        list_price=_to_money(told.list_price, currencies),
        delivery_mode=_MODES.read("delivery_mode", told.delivery_mode, terms),
        enrolment_mode=EnrolmentMode(told.enrolment_mode),
        url=_to_address(told.url, "url"),
        bundle=told.bundle,
        sessions=_to_sessions(partner, told.sessions),
        unknown_terms=tuple(terms),
    )


def _to_sessions(partner: PartnerCode, rows: Sequence[SessionRow]) -> tuple[Session, ...]:
    sessions = {row.key: _to_session(partner, row) for row in rows}
    if len(sessions) < len(rows):
        raise RowError("two of its sessions have the same key")
    return tuple(sessions.values())


def _to_session(partner: PartnerCode, row: SessionRow) -> Session:
    zone: ZoneInfo = zone_of(row.time_zone)
    starts_at, ends_at = local_time(row.starts_at, zone), local_time(row.ends_at, zone)
    if starts_at and ends_at and ends_at < starts_at:
        raise RowError(f"session {row.key!r} ends before it starts")
    return Session(
        partner=partner,
        key=_to_key(row.key),
        starts_at=starts_at,
        ends_at=ends_at,
        enrolment_starts_at=local_time(row.enrolment_starts_at, zone),
        enrolment_ends_at=local_time(row.enrolment_ends_at, zone),
        venue=_to_venue(row.venue),
        capacity=row.capacity,
        seats_left=row.seats_left,
        unlimited=row.unlimited,
    )


def _to_venue(place: PlaceRow | None) -> Venue | None:
    if place is None:
        return None
    return Venue(place.name, place.address, place.region_code, place.region_name)


def _to_key(key: str) -> RemoteId:
    if not key.isprintable() or not key.strip():
        raise RowError(f"a key is 1 to {LONGEST_KEY} printable characters")
    return RemoteId(key)


def _to_address(told: str | None, name: str) -> str | None:
    if told is None:
        return None
    address = to_url(told)
    if address is None:
        raise RowError(f"{name} is no http(s) address without user and password")
    return address


def _to_money(price: Price | None, currencies: Collection[str]) -> Money | None:
    if price is None:
        return None
    if price.currency not in currencies:
        raise RowError(f"prices are in {', '.join(sorted(currencies))}, not in {price.currency}")
    try:
        return Money(price.amount, price.currency)
    except ValueError as exc:
        raise RowError(str(exc)) from exc
