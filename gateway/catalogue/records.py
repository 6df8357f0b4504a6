"""Canonical records as bytes, exactly: what is stored is what comes back.

A payload is JSON.  Times are an instant and a zone, so that a session in Makassar is still
in Makassar's time after every clock change.  Payloads of older versions stay readable: a new
field has a default, a changed meaning raises `VERSION` and is translated in `from_payload`.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from schema.model.catalogue import Category, ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
    RemoteId,
)

T = TypeVar("T", bound=Hashable)
Closing = Callable[[Offering, Session], datetime | None]  # until when the programme sells it

VERSION = 1
_FIXED = "offset:"  # before the seconds of a time whose zone has no name


class _Moment(msgspec.Struct, array_like=True):
    instant: datetime
    zone: str


class _Session(msgspec.Struct, omit_defaults=True):
    key: RemoteId
    starts_at: _Moment | None = None
    ends_at: _Moment | None = None
    enrolment_ends_at: _Moment | None = None
    venue: Venue | None = None
    capacity: int | None = None
    seats_left: int | None = None
    unlimited: bool = False
    enrolment_starts_at: _Moment | None = None


class _ShortListed(msgspec.Struct):
    """`ListedCourse` without its long description, which is skipped and never decoded."""

    title: str
    institution: str
    summary: str | None = None
    category: Category | None = None
    level: CourseLevel = CourseLevel.UNKNOWN
    languages: tuple[str, ...] = ("id",)
    duration_minutes: int | None = None
    rating: float | None = None
    rating_count: int | None = None
    image_url: str | None = None


class _Offering(msgspec.Struct, omit_defaults=True):
    v: int  # not omitted: it has no default
    partner: PartnerCode
    key: RemoteId
    listed: ListedCourse
    price: Money | None = None
    list_price: Money | None = None
    delivery_mode: DeliveryMode = DeliveryMode.UNKNOWN
    enrolment_mode: EnrolmentMode = EnrolmentMode.LINK
    url: str | None = None
    sessions: tuple[_Session, ...] = ()
    unknown_terms: tuple[UnknownTerm, ...] = ()
    bundle: bool = False


class _ShortOffering(_Offering):
    listed: _ShortListed  # type: ignore[assignment]  # less of the same JSON


_encoder = msgspec.json.Encoder()
_offerings = msgspec.json.Decoder(_Offering)
_short_offerings = msgspec.json.Decoder(_ShortOffering)
_sessions = msgspec.json.Decoder(_Session)


def to_payload(offering: Offering) -> str:
    """Return the canonical JSON of `offering`.  Raises `ValueError` for unwritable text."""
    row = _Offering(
        v=VERSION,
        partner=offering.partner,
        key=offering.key,
        listed=offering.listed,
        price=offering.price,
        list_price=offering.list_price,
        delivery_mode=offering.delivery_mode,
        enrolment_mode=offering.enrolment_mode,
        url=offering.url,
        sessions=tuple(_to_row(session) for session in offering.sessions),
        unknown_terms=offering.unknown_terms,
        bundle=offering.bundle,
    )
    return _encoder.encode(row).decode()


def from_payload(payload: str | bytes) -> Offering:
    """Return the offering that `to_payload` wrote."""
    row = _offerings.decode(payload)
    _check_version(row)
    return Offering(
        partner=row.partner,
        key=row.key,
        listed=row.listed,
        price=row.price,
        list_price=row.list_price,
        delivery_mode=row.delivery_mode,
        enrolment_mode=row.enrolment_mode,
        url=row.url,
        sessions=tuple(_from_row(row.partner, session) for session in row.sessions),
        unknown_terms=row.unknown_terms,
        bundle=row.bundle,
    )


def never_closing(_offering: Offering, _session: Session) -> datetime | None:
    """Return that nobody tells until when a session is sold."""
    return None


class ShortReader:
    """Reads offerings without their long descriptions; what many have alike is kept once.

    A catalogue in memory is half as large for it: few prices, categories, places and names
    stand in very many rows.
    """

    def __init__(self, closing: Closing = never_closing) -> None:
        """Make a reader; sessions are given the end of their sale that `closing` tells."""
        self._closing = closing
        self._known: dict[Hashable, Any] = {}
        self._moments: dict[tuple[datetime, str], datetime | None] = {}

    def __call__(self, payload: str | bytes) -> Offering:
        """Return the offering that `to_payload` wrote."""
        row, once = _short_offerings.decode(payload), self._once
        _check_version(row)
        partner = once(row.partner)
        offering = Offering(
            partner=partner,
            key=row.key,
            listed=self._listed(row.listed),
            price=once(row.price),
            list_price=once(row.list_price),
            delivery_mode=row.delivery_mode,
            enrolment_mode=row.enrolment_mode,
            url=row.url,
            sessions=tuple([self._session(partner, each) for each in row.sessions]),
            unknown_terms=row.unknown_terms,
            bundle=row.bundle,
        )
        for session in offering.sessions:
            # nobody else has it yet; a copy would be checked and given its id a second time
            object.__setattr__(session, "purchase_ends_at", self._closing(offering, session))
        return offering

    def _listed(self, row: _ShortListed) -> ListedCourse:
        return ListedCourse(
            title=row.title,
            institution=self._once(row.institution),
            summary=row.summary,
            category=self._once(row.category),
            level=row.level,
            languages=self._once(row.languages),
            duration_minutes=row.duration_minutes,
            rating=row.rating,
            rating_count=row.rating_count,
            image_url=row.image_url,
        )

    def _session(self, partner: PartnerCode, row: _Session) -> Session:
        return Session(
            partner=partner,
            key=row.key,
            starts_at=self._moment(row.starts_at),
            ends_at=self._moment(row.ends_at),
            enrolment_ends_at=self._moment(row.enrolment_ends_at),
            venue=self._once(row.venue),
            capacity=row.capacity,
            seats_left=row.seats_left,
            unlimited=row.unlimited,
            enrolment_starts_at=self._moment(row.enrolment_starts_at),
        )

    def _moment(self, row: _Moment | None) -> datetime | None:
        """Return a moment, by its zone: two of different zones are equal, and not the same."""
        if row is None:
            return None
        told = (row.instant, row.zone)
        found: datetime | None = self._moments.get(told)
        if found is None:
            found = self._moments[told] = _from_moment(row)
        return found

    def _once(self, value: T) -> T:
        found: T = self._known.setdefault(value, value)
        return found


def _check_version(row: _Offering) -> None:
    if row.v != VERSION:
        raise ValueError(f"payload version {row.v} is newer than this code's {VERSION}: upgrade it")


def to_session_payload(session: Session) -> str:
    """Return the canonical JSON of a session that came apart from its offering."""
    return _encoder.encode(_to_row(session)).decode()


def from_session_payload(partner: PartnerCode, payload: str | bytes) -> Session:
    """Return the session that `to_session_payload` wrote."""
    return _from_row(partner, _sessions.decode(payload))


def digest(text: str) -> str:
    """Return 32 hex digits that stand for `text`: equal digests mean equal texts."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _to_row(session: Session) -> _Session:
    return _Session(
        key=session.key,
        starts_at=_to_moment(session.starts_at),
        ends_at=_to_moment(session.ends_at),
        enrolment_ends_at=_to_moment(session.enrolment_ends_at),
        venue=session.venue,
        capacity=session.capacity,
        seats_left=session.seats_left,
        unlimited=session.unlimited,
        enrolment_starts_at=_to_moment(session.enrolment_starts_at),
    )


def _from_row(partner: PartnerCode, row: _Session) -> Session:
    return Session(
        partner=partner,
        key=row.key,
        starts_at=_from_moment(row.starts_at),
        ends_at=_from_moment(row.ends_at),
        enrolment_ends_at=_from_moment(row.enrolment_ends_at),
        venue=row.venue,
        capacity=row.capacity,
        seats_left=row.seats_left,
        unlimited=row.unlimited,
        enrolment_starts_at=_from_moment(row.enrolment_starts_at),
    )


def _to_moment(moment: datetime | None) -> _Moment | None:
    if moment is None:
        return None
    zone = getattr(moment.tzinfo, "key", None)
    if zone is None:
        offset = moment.utcoffset() or timedelta()
        zone = f"{_FIXED}{int(offset.total_seconds())}"
    return _Moment(moment.astimezone(UTC), zone)


def _from_moment(row: _Moment | None) -> datetime | None:
    if row is None:
        return None
    if row.zone.startswith(_FIXED):
        seconds = int(row.zone.removeprefix(_FIXED))
        return row.instant.astimezone(timezone(timedelta(seconds=seconds)))
    return row.instant.astimezone(ZoneInfo(row.zone))
