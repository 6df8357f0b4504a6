"""Offerings read back for the catalogue in memory: fast, and small.

Long descriptions are skipped and never decoded.  Few prices, categories, places and times stand in
very many rows: each is known by the bytes that tell it, so it is decoded once and is one object.
What was looked at before it was stored is not looked at again.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec import Raw

from gateway.catalogue.once import Once
from gateway.catalogue.records import (
    Moment,
    OfferingPayload,
    SessionPayload,
    check_version,
    from_moment,
)
from gateway.catalogue.unchecked import unchecked
from schema.model.catalogue import Category, ListedCourse, Offering, Session, Venue
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    Money,
    OfferingId,
    PartnerCode,
    SessionId,
    derived_id,
)

T = TypeVar("T")
Closing = Callable[[Offering, Session], datetime | None]  # until when the programme sells it

# The bytes of what is not told.
_NULL = Raw(b"null")
_INDONESIAN = Raw(b'["id"]')
_SKIPPED = "description_html"


def never_closing(_offering: Offering, _session: Session) -> datetime | None:
    """Return that nobody tells until when a session is sold."""
    return None


def _listed_fields() -> list[Any]:
    """Return the fields of a `ListedCourse` but for what is skipped, as `defstruct` wants them."""
    hints = get_type_hints(ListedCourse)
    chosen = [each for each in fields(ListedCourse) if each.name != _SKIPPED]
    return [
        (each.name, hints[each.name], *([each.default] if each.default is not MISSING else []))
        for each in chosen
    ]


class _ShortListed(msgspec.defstruct("_Listed", _listed_fields())):  # type: ignore[misc]
    category: Raw = _NULL
    level: str = CourseLevel.UNKNOWN.value
    languages: Raw = _INDONESIAN


class _ShortSession(SessionPayload):
    starts_at: Raw = _NULL  # type: ignore[assignment]  # here and below: the bytes that tell it
    ends_at: Raw = _NULL  # type: ignore[assignment]
    enrolment_ends_at: Raw = _NULL  # type: ignore[assignment]
    venue: Raw = _NULL  # type: ignore[assignment]
    enrolment_starts_at: Raw = _NULL  # type: ignore[assignment]


class _ShortOffering(OfferingPayload):
    listed: _ShortListed
    price: Raw = _NULL  # type: ignore[assignment]
    list_price: Raw = _NULL  # type: ignore[assignment]
    delivery_mode: str = DeliveryMode.UNKNOWN.value  # type: ignore[assignment]
    enrolment_mode: str = EnrolmentMode.LINK.value  # type: ignore[assignment]
    sessions: tuple[_ShortSession, ...] = ()


_offerings = msgspec.json.Decoder(_ShortOffering)
_moments = msgspec.json.Decoder(Moment | None)
_prices = msgspec.json.Decoder(Money | None)
_languages = msgspec.json.Decoder(tuple[str, ...])
_categories = msgspec.json.Decoder(Category | None)
_venues = msgspec.json.Decoder(Venue | None)
# What has no more than its few values is known by its text.
_LEVELS = Once(CourseLevel)
_DELIVERY = Once(DeliveryMode)
_ENROLMENT = Once(EnrolmentMode)
_to_listed = unchecked(
    ListedCourse,
    *("title", "institution", "summary", "description_html", "category", "level", "languages"),
    *("duration_minutes", "rating", "rating_count", "image_url"),
)
_to_session = unchecked(
    Session,
    *("partner", "key", "starts_at", "ends_at", "enrolment_ends_at", "venue", "capacity"),
    *("seats_left", "unlimited", "enrolment_starts_at", "purchase_ends_at", "id"),
)
_to_offering = unchecked(
    Offering,
    *("partner", "key", "listed", "price", "list_price", "delivery_mode", "enrolment_mode"),
    *("url", "sessions", "unknown_terms", "bundle", "id"),
)


class ShortReader:
    """Reads offerings without their long descriptions; what many have alike is kept once."""

    def __init__(self, closing: Closing = never_closing) -> None:
        """Make a reader; sessions are given the end of their sale that `closing` tells."""
        self._closing = closing
        self._prices = Once(_prices.decode)
        self._languages = Once(_languages.decode)
        self._categories = Once(_categories.decode)
        self._venues = Once(_venues.decode)
        self._moments = Once(_to_moment)
        self._known: dict[Any, Any] = {}

    def __call__(self, payload: str | bytes, offering_id: OfferingId | None = None) -> Offering:
        """Return the offering that `to_payload` wrote; its id need not be told."""
        row, once, prices = _offerings.decode(payload), self._once, self._prices
        check_version(row)
        partner = once(row.partner)
        offering = _to_offering(
            partner,
            row.key,
            self._listed(row.listed),
            prices[bytes(row.price)],
            prices[bytes(row.list_price)],
            _DELIVERY[row.delivery_mode],
            _ENROLMENT[row.enrolment_mode],
            row.url,
            tuple([self._session(partner, each) for each in row.sessions]) if row.sessions else (),
            row.unknown_terms,
            row.bundle,
            offering_id or OfferingId(derived_id(partner, "offering", row.key)),
        )
        for session in offering.sessions:  # nobody else has it yet
            object.__setattr__(session, "purchase_ends_at", self._closing(offering, session))
        return offering

    def _listed(self, row: Any) -> ListedCourse:
        return _to_listed(
            row.title,
            self._once(row.institution),
            row.summary,
            None,  # the long description
            self._categories[bytes(row.category)],
            _LEVELS[row.level],
            self._languages[bytes(row.languages)],
            row.duration_minutes,
            row.rating,
            row.rating_count,
            row.image_url,
        )

    def _session(self, partner: PartnerCode, row: _ShortSession) -> Session:
        moments = self._moments
        return _to_session(
            partner,
            row.key,
            moments[bytes(row.starts_at)],
            moments[bytes(row.ends_at)],
            moments[bytes(row.enrolment_ends_at)],
            self._venues[bytes(row.venue)],
            row.capacity,
            row.seats_left,
            row.unlimited,
            moments[bytes(row.enrolment_starts_at)],
            None,  # when buying ends, which only the whole offering tells
            SessionId(derived_id(partner, "session", row.key)),
        )

    def _once(self, value: T) -> T:
        found: T = self._known.setdefault(value, value)
        return found


def _to_moment(told: bytes) -> datetime | None:
    """Return a moment, by its zone: two of different zones are equal, and not the same."""
    return from_moment(_moments.decode(told))
