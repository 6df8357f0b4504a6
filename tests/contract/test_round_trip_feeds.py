"""From the shelf through a feed's wire format and back: what the format carries survives."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

import gateway.partners
from adapters.addresses import THIS_MACHINE
from adapters.base import Booking, NotModified, PartnerSettings, ReceiptStatus
from adapters.errors import PartnerRefusedError
from adapters.registry import build_adapter
from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from gateway.partners.config import load_partners
from schema.model.catalogue import Category, ListedCourse, Offering, Session, Venue
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    LearnerId,
    Money,
    PartnerCode,
    Reference,
    RemoteId,
)

SANDBOX_FILE = Path(gateway.partners.__file__).parent / "sandbox_partners.toml"
OPTIONS = {config.code: config.options for config in load_partners([SANDBOX_FILE])}
SECRETS = {"bina_bumn": {"token": "sesame"}, "pasar_kelas": {"api_key": "sesame"}}
BINA_BUMN, PASAR_KELAS = PartnerCode("bina_bumn"), PartnerCode("pasar_kelas")
NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.anyio
both = pytest.mark.parametrize("code", [BINA_BUMN, PASAR_KELAS])


def a_session(key: str, zone: str = "Asia/Jakarta", **told) -> SandboxSession:
    place = ZoneInfo(zone)
    usual = SandboxSession(
        key=key,
        starts_at=datetime(2020, 5, 4, 8, 30, tzinfo=place),
        ends_at=datetime(2020, 5, 6, 16, 45, tzinfo=place),
        enrolment_ends_at=datetime(2020, 5, 1, 23, 59, tzinfo=place),
        capacity=20,
        seats_left=7,
        venue_name='Gedung "Mawar"; lantai 2',
        address="Jl. Perintis Kemerdekaan No. 12, Makassar",
        region_code="73.71",
        region_name="Kota Makassar",
    )
    return replace(usual, **told)


def an_offering(key: str, **told) -> SandboxOffering:
    usual = SandboxOffering(
        key=key,
        course=0,
        title="Barista Pemula",
        institution="LKP Rasa Ibu",
        summary="Belajar meracik kopi, dari biji; sampai cangkir.",
        description_html="<p>Baris satu</p>\n<p>Baris “dua”</p>",
        category="Makanan dan Minuman",
        level=CourseLevel.BEGINNER,
        duration_minutes=365,
        rating=4.7,
        rating_count=1250,
        image_url="https://gambar.example/1.jpg",
        price=89_700,
        list_price=299_000,
        delivery_mode=DeliveryMode.ONSITE,
        url="https://kelas.example/barista?dari=mitra&id=1",
        sessions=(a_session(f"{key}-1"),),
    )
    return replace(usual, **told)


SHELF = (
    an_offering("A-1"),
    an_offering(
        "A-2",
        title="Roti; Kue, & “Pastri” l'Éclair",
        institution="PT Dapur Nusantara, Tbk.",
        level=CourseLevel.ALL,
        sessions=(
            a_session("A-2-1", "Asia/Makassar", seats_left=0),
            a_session("A-2-2", "Asia/Jayapura", capacity=1_250, seats_left=1_250),
        ),
    ),
    an_offering(
        "A-3",
        price=0,
        list_price=None,
        rating=None,
        rating_count=0,
        level=CourseLevel.ADVANCED,
        delivery_mode=DeliveryMode.SELF_PACED,
        sessions=(),
    ),
    an_offering(
        "A-4",
        price=1_250_000,
        list_price=None,
        level=CourseLevel.INTERMEDIATE,
        delivery_mode=DeliveryMode.LIVE_ONLINE,
        bookable=False,
        bundle=True,
        sessions=(a_session("A-4-1", venue_name="", address="", region_code="", region_name=""),),
    ),
)


def expected(code: PartnerCode, row: SandboxOffering) -> Offering:
    """Say by hand what `row` must become; Pasar Kelas books sessions only."""
    can_book = row.bookable and (code != PASAR_KELAS or bool(row.sessions))
    return Offering(
        partner=code,
        key=RemoteId(row.key),
        listed=ListedCourse(
            title=row.title,
            institution=row.institution,
            summary=row.summary,
            description_html=row.description_html,
            category=Category("-".join(row.category.lower().split()), row.category),
            level=row.level,
            duration_minutes=row.duration_minutes,
            rating=row.rating,
            rating_count=row.rating_count,
            image_url=row.image_url,
        ),
        price=Money(row.price),
        list_price=Money(row.list_price) if row.list_price else None,
        delivery_mode=row.delivery_mode,
        enrolment_mode=EnrolmentMode.DIRECT if can_book else EnrolmentMode.LINK,
        url=row.url,
        sessions=tuple(expected_session(code, session) for session in row.sessions),
        bundle=row.bundle and code != PASAR_KELAS,
    )


def expected_session(code: PartnerCode, session: SandboxSession) -> Session:
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


@asynccontextmanager
async def running(code: PartnerCode, shelf=SHELF, secrets=None) -> AsyncIterator:
    """Serve `shelf` as the partner does, on loopback, and give the adapter that reads it."""
    book = EnrolmentBook(code, shelf, now=lambda: NOW)
    shop = Shop(code, shelf, book, SECRETS[code], lambda: NOW)
    app = web.Application()
    app.add_routes(import_module(f"adapters.sandbox.facades.{code}").build_routes(shop))
    async with AsyncExitStack() as stack:
        runner = web.AppRunner(app)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        adapter = build_adapter(
            "feed",
            PartnerSettings(code, address, secrets or SECRETS[code], OPTIONS[code]),
            reach=THIS_MACHINE,
        )
        stack.push_async_callback(adapter.aclose)
        yield adapter


def a_booking(reference: str, offering: str = "A-1", session: str | None = "A-1-1") -> Booking:
    return Booking(
        reference=Reference(reference),
        offering=RemoteId(offering),
        session=RemoteId(session) if session else None,
        learner=LearnerId("learner-1"),
        price=Money(89_700),
    )


@both
async def test_every_field_survives(code):
    async with running(code) as adapter:
        page = await adapter.fetch_page()

    assert page.offerings == tuple(expected(code, row) for row in SHELF)
    assert (page.rejections, page.left_out, page.next_cursor) == ((), (), None)


@both
async def test_times_keep_the_zone_they_were_published_in(code):
    async with running(code) as adapter:
        page = await adapter.fetch_page()

    found = {s.key: s.starts_at.tzinfo.key for o in page.offerings for s in o.sessions}
    assert found["A-1-1"] == "Asia/Jakarta"
    assert found["A-2-1"] == "Asia/Makassar"
    assert found["A-2-2"] == "Asia/Jayapura"


@both
async def test_an_unchanged_feed_is_not_read_again(code):
    async with running(code) as adapter:
        page = await adapter.fetch_page()
        again = await adapter.fetch_page(None, page.validators)

    assert isinstance(again, NotModified)


@both
async def test_a_booked_seat_is_gone_from_the_feed(code):
    async with running(code) as adapter:
        before = await adapter.fetch_page()
        await adapter.enrol(a_booking("REF-1"))
        after = await adapter.fetch_page(None, before.validators)

    assert [page.offerings[0].sessions[0].seats_left for page in (before, after)] == [7, 6]


@both
async def test_a_wrong_secret_is_refused(code):
    wrong = dict.fromkeys(SECRETS[code], "open barley")

    async with running(code, secrets=wrong) as adapter:
        with pytest.raises(PartnerRefusedError):
            await adapter.fetch_page()
        with pytest.raises(PartnerRefusedError):
            await adapter.enrol(a_booking("REF-1"))


@both
async def test_a_reference_books_once(code):
    async with running(code) as adapter:
        first = await adapter.enrol(a_booking("REF-1"))
        again = await adapter.enrol(a_booking("REF-1"))
        found = await adapter.find(Reference("REF-1"))
        page = await adapter.fetch_page()

    assert first.status is ReceiptStatus.CONFIRMED
    assert first.partner_reference
    assert first.redeem_code
    assert first == again == found
    assert page.offerings[0].sessions[0].seats_left == 6


@both
async def test_a_booking_is_cancelled_once_and_for_all(code):
    async with running(code) as adapter:
        await adapter.enrol(a_booking("REF-1"))
        cancelled = await adapter.cancel(Reference("REF-1"))
        again = await adapter.cancel(Reference("REF-1"))
        found = await adapter.find(Reference("REF-1"))

    assert cancelled.status is ReceiptStatus.CANCELLED
    assert cancelled == again == found


@both
async def test_an_unknown_reference_is_told_from_a_failure(code):
    async with running(code) as adapter:
        found = await adapter.find(Reference("REF/never?"))

    assert found is None


@both
async def test_a_full_session_is_a_rejected_receipt(code):
    async with running(code) as adapter:
        receipt = await adapter.enrol(a_booking("REF-1", "A-2", "A-2-1"))

    assert (receipt.status, receipt.reason) == (ReceiptStatus.REJECTED, "FULL")


async def test_a_partner_that_books_seats_wants_a_session():
    async with running(PASAR_KELAS) as adapter:
        receipt = await adapter.enrol(a_booking("REF-1", "A-3", session=None))

    assert (receipt.status, receipt.reason) == (ReceiptStatus.REJECTED, "SESSION_REQUIRED")


async def test_a_partner_that_books_courses_needs_none():
    async with running(BINA_BUMN) as adapter:
        receipt = await adapter.enrol(a_booking("REF-1", "A-3", session=None))

    assert receipt.status is ReceiptStatus.CONFIRMED
