"""Canonical records as bytes, exactly: what is stored is what comes back.

A payload is JSON.  Times are an instant and a zone, so that a session in Makassar is still
in Makassar's time after every clock change.  Payloads of older versions stay readable: a new
field has a default, a changed meaning raises `VERSION` and is translated in `from_payload`.
"""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from schema.model.catalogue import ListedCourse, Offering, Session, UnknownTerm, Venue
from schema.model.values import (
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
    RemoteId,
)

VERSION = 1
_FIXED = "offset:"  # before the seconds of a time whose zone has no name


class Moment(msgspec.Struct, array_like=True):
    """A time as payloads have it: `zone` is a name, or a fixed offset in seconds."""

    instant: datetime
    zone: str


class SessionPayload(msgspec.Struct, omit_defaults=True):
    """A session as payloads have it."""

    key: RemoteId
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    enrolment_ends_at: Moment | None = None
    venue: Venue | None = None
    capacity: int | None = None
    seats_left: int | None = None
    unlimited: bool = False
    enrolment_starts_at: Moment | None = None


class OfferingPayload(msgspec.Struct, omit_defaults=True):
    """An offering as payloads have it."""

    v: int  # not omitted: it has no default
    partner: PartnerCode
    key: RemoteId
    listed: ListedCourse
    price: Money | None = None
    list_price: Money | None = None
    delivery_mode: DeliveryMode = DeliveryMode.UNKNOWN
    enrolment_mode: EnrolmentMode = EnrolmentMode.LINK
    url: str | None = None
    sessions: tuple[SessionPayload, ...] = ()
    unknown_terms: tuple[UnknownTerm, ...] = ()
    bundle: bool = False


class Names(msgspec.Struct):
    """How a partner spells a course and who gives it."""

    title: str
    institution: str


class _Named(msgspec.Struct):
    listed: Names


_encoder = msgspec.json.Encoder()
_offerings = msgspec.json.Decoder(OfferingPayload)
_sessions = msgspec.json.Decoder(SessionPayload)
_named = msgspec.json.Decoder(_Named)


def to_payload(offering: Offering) -> str:
    """Return the canonical JSON of `offering`.  Raises `ValueError` for unwritable text."""
    row = OfferingPayload(
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


def names_in(payload: str | bytes) -> Names:
    """Return how a payload's offering is named; the rest of it is not decoded."""
    return _named.decode(payload).listed


def from_payload(payload: str | bytes) -> Offering:
    """Return the offering that `to_payload` wrote."""
    row = _offerings.decode(payload)
    check_version(row)
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


def check_version(row: Any) -> None:
    """Check that this code knows a payload's version.  Raises `ValueError`."""
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


def _to_row(session: Session) -> SessionPayload:
    return SessionPayload(
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


def _from_row(partner: PartnerCode, row: SessionPayload) -> Session:
    return Session(
        partner=partner,
        key=row.key,
        starts_at=from_moment(row.starts_at),
        ends_at=from_moment(row.ends_at),
        enrolment_ends_at=from_moment(row.enrolment_ends_at),
        venue=row.venue,
        capacity=row.capacity,
        seats_left=row.seats_left,
        unlimited=row.unlimited,
        enrolment_starts_at=from_moment(row.enrolment_starts_at),
    )


def _to_moment(moment: datetime | None) -> Moment | None:
    if moment is None:
        return None
    zone = getattr(moment.tzinfo, "key", None)
    if zone is None:
        offset = moment.utcoffset() or timedelta()
        zone = f"{_FIXED}{int(offset.total_seconds())}"
    return Moment(moment.astimezone(UTC), zone)


def from_moment(row: Moment | None) -> datetime | None:
    """Return the time on the clock of its place."""
    if row is None:
        return None
    if row.zone.startswith(_FIXED):
        seconds = int(row.zone.removeprefix(_FIXED))
        return row.instant.astimezone(timezone(timedelta(seconds=seconds)))
    return row.instant.astimezone(ZoneInfo(row.zone))
