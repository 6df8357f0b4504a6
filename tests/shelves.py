"""What stands on a sandbox partner's shelf, and what the catalogue must say of it."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from adapters.sandbox.world import SandboxOffering, SandboxSession
from schema.model.catalogue import Category, ListedCourse, Offering, Session, Venue
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
    RemoteId,
)

NOWHERE = dict.fromkeys(("venue_name", "address", "region_code", "region_name"), "")


def a_session(key: str = "S-1", zone: str = "Asia/Jakarta", **told: Any) -> SandboxSession:
    """Return a session that tells everything, in words that formats might break at."""
    place = ZoneInfo(zone)
    usual = SandboxSession(
        key=key,
        starts_at=datetime(2020, 5, 4, 8, 30, tzinfo=place),
        ends_at=datetime(2020, 5, 6, 16, 45, tzinfo=place),
        enrolment_ends_at=datetime(2020, 5, 1, 23, 59, tzinfo=place),
        capacity=20,
        seats_left=7,
        venue_name='Gedung "Mawar"; lantai 2 - timur',
        address="Jl. Perintis Kemerdekaan No. 12 | Blok C, Makassar",
        region_code="73.71",
        region_name="Kota Makassar",
    )
    return replace(usual, **told)


def an_offering(key: str = "O-1", **told: Any) -> SandboxOffering:
    """Return an online course without sessions, in words that formats might break at."""
    usual = SandboxOffering(
        key=key,
        course=0,
        title="Barista Pemula: dari Biji & Cangkir",
        institution="LKP Rasa Ibu",
        summary="Belajar meracik kopi “dari nol”, dari biji; sampai cangkir.",
        description_html="<p>Baris satu</p>\n<p>Baris <b>“dua”</b></p>",
        category="Makanan dan Minuman",
        level=CourseLevel.BEGINNER,
        duration_minutes=365,
        rating=4.7,
        rating_count=1250,
        image_url="https://gambar.example/1.jpg",
        price=89_700,
        list_price=None,
        delivery_mode=DeliveryMode.SELF_PACED,
        url="https://kelas.example/barista?dari=mitra&id=1",
    )
    return replace(usual, **told)


def to_offering(code: PartnerCode, row: SandboxOffering, **differing: Any) -> Offering:
    """Say by hand what `row` must become, but for what its partner does differently."""
    usual = Offering(
        partner=code,
        key=RemoteId(row.key),
        listed=ListedCourse(
            title=row.title,
            institution=row.institution,
            summary=row.summary,
            description_html=row.description_html,
            category=Category("-".join(row.category.lower().split()), row.category),
            level=row.level or CourseLevel.UNKNOWN,
            duration_minutes=row.duration_minutes,
            rating=row.rating,
            rating_count=row.rating_count,
            image_url=row.image_url,
        ),
        price=Money(row.price),
        list_price=None if row.list_price is None else Money(row.list_price),
        delivery_mode=row.delivery_mode,
        enrolment_mode=EnrolmentMode.DIRECT if row.bookable else EnrolmentMode.LINK,
        url=row.url,
        sessions=tuple(to_session(code, session) for session in row.sessions),
    )
    return replace(usual, **differing)


def to_session(code: PartnerCode, session: SandboxSession) -> Session:
    """Say by hand what a session must become."""
    venue = Venue(session.venue_name, session.address, session.region_code, session.region_name)
    return Session(
        partner=code,
        key=RemoteId(session.key),
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        enrolment_ends_at=session.enrolment_ends_at,
        venue=venue if session.venue_name else None,
        capacity=session.capacity,
        seats_left=session.seats_left,
    )
