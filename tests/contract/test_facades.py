"""Every sandbox partner, over real HTTP: what stands on its shelf comes through its adapter."""

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest

from adapters.addresses import THIS_MACHINE
from adapters.base import Booking, PartnerSettings, ReceiptStatus, Statement
from adapters.errors import PartnerAccessError, PartnerThrottledError, PartnerUnavailableError
from adapters.registry import build_adapter
from adapters.sandbox.book import STATEMENT_LENGTH, EnrolmentBook
from adapters.sandbox.listener import Listener
from adapters.sandbox.secrets import SANDBOX_PARTNERS, fresh_secrets
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from gateway.partners import sandbox
from gateway.partners.config import load_partners
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    LearnerId,
    Money,
    Reference,
    RemoteId,
)

CONFIGS = {config.code: config for config in load_partners([sandbox.SANDBOX_PARTNERS])}
NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
ZONES = [ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Makassar"), ZoneInfo("Asia/Jayapura")]
LEVELS = [CourseLevel.BEGINNER, CourseLevel.INTERMEDIATE, CourseLevel.ADVANCED, CourseLevel.ALL]
SELLS_ARCHIVED = {"skill_academy"}  # whose format knows what archived means
SELLS_SEATS_ONLY = {"maubelajarapa", "pasar_kelas"}  # what has no session cannot be booked there
NEVER_LOADS = {"sekolahmu": 1}  # rows that the partner lists but cannot give
MOST_PAGES = 20

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("code", SANDBOX_PARTNERS)]


def a_session(number: int, **told) -> SandboxSession:
    zone = ZONES[number % len(ZONES)]
    usual = SandboxSession(
        key=f"S-{number}",
        starts_at=datetime(2020, 6, 1, 9, 0, tzinfo=zone),
        ends_at=datetime(2020, 6, 2, 16, 30, tzinfo=zone),
        enrolment_ends_at=datetime(2020, 5, 28, 23, 59, tzinfo=zone),
        capacity=20,
        seats_left=12,
        venue_name="Balai Latihan Makassar",
        address="Jl. Perintis Kemerdekaan No. 12, Tamalanrea",
        region_code="73.71",
        region_name="Kota Makassar",
    )
    return replace(usual, **told)


def an_offering(number: int, **told) -> SandboxOffering:
    usual = SandboxOffering(
        key=f"K-{number}",
        course=number,
        title=f"Barista & Pastri: “Kelas” {number}",
        institution=f"LKP Rasa Ibu {number % 7}",
        summary="Belajar meracik kopi, dari biji sampai cangkir.",
        description_html="<p>Peserta mampu menyeduh kopi.</p>",
        category="Makanan dan Minuman",
        level=LEVELS[number % len(LEVELS)],
        duration_minutes=365,
        rating=4.7,
        rating_count=125,
        image_url="https://gambar.example/1.jpg",
        price=89_700 + 1_000 * number,
        list_price=None,
        delivery_mode=DeliveryMode.ONSITE,
        url=f"https://kelas.example/barista-{number}",
        sessions=(a_session(2 * number), a_session(2 * number + 1, seats_left=1)),
    )
    return replace(usual, **told)


def a_shelf(code) -> list[SandboxOffering]:
    """More than one page of any partner, with one of every kind."""
    shelf = [
        an_offering(1),
        an_offering(2, price=0),
        an_offering(3, list_price=200_000),
        an_offering(4, bookable=False),
        an_offering(5, delivery_mode=DeliveryMode.SELF_PACED, sessions=()),
        an_offering(6, delivery_mode=DeliveryMode.LIVE_ONLINE, sessions=()),
        an_offering(7, rating=None, rating_count=0),
        an_offering(8, sessions=(a_session(16, capacity=900, seats_left=900), a_session(17))),
        *(an_offering(number) for number in range(9, 131)),
    ]
    if code in SELLS_ARCHIVED:
        shelf.insert(3, an_offering(900, archived=True))
    return [row for row in shelf if row.sessions or code not in SELLS_SEATS_ONLY]


@asynccontextmanager
async def open_shop(code, shelf, *, spoil_secrets=False):
    """Serve the shelf as this partner does; give its adapter, and a way to close the shop."""
    secrets = fresh_secrets(code)
    book = EnrolmentBook(code, shelf, now=lambda: NOW)
    facade = import_module(f"adapters.sandbox.facades.{code}")
    shop = Shop(code, shelf, book, secrets, now=lambda: datetime.now(UTC))
    listener = Listener(facade.build_routes(shop), host="127.0.0.1")
    told = dict.fromkeys(secrets, "wrong") if spoil_secrets else secrets
    async with AsyncExitStack() as cleanup:
        await listener.open()
        cleanup.push_async_callback(listener.close)
        address = f"http://127.0.0.1:{listener.port}"
        settings = PartnerSettings(code, address, told, CONFIGS[code].options)
        adapter = build_adapter(CONFIGS[code].adapter, settings, reach=THIS_MACHINE)
        cleanup.push_async_callback(adapter.aclose)
        yield adapter, listener


async def walk(adapter):
    """Fetch every page, as the gateway does: a throttled request is made again."""
    pages, cursor = [], None
    for _ in range(MOST_PAGES):
        try:
            page = await adapter.fetch_page(cursor, None)
        except PartnerThrottledError:
            continue
        pages.append(page)
        cursor = page.next_cursor
        if cursor is None:
            return pages
    pytest.fail(f"the walk did not end within {MOST_PAGES} requests")


def to_told(row: SandboxOffering) -> dict:
    """What must come through of a row, whatever the format."""
    return {
        "title": row.title,
        "institution": row.institution,
        "summary": row.summary,
        "category": row.category,
        "level": row.level,
        "minutes": row.duration_minutes,
        "rating": row.rating,
        "price": Money(row.price),
        "mode": row.delivery_mode,
        "booked": EnrolmentMode.DIRECT if row.bookable else EnrolmentMode.LINK,
        "url": row.url,
        "sessions": [
            (
                session.key, session.starts_at, session.ends_at, session.enrolment_ends_at,
                str(session.starts_at.tzinfo), session.capacity, session.seats_left,
                session.venue_name, session.region_code, session.region_name,
            )
            for session in row.sessions
        ],
    }  # fmt: skip


def to_found(offering) -> dict:
    return {
        "title": offering.listed.title,
        "institution": offering.listed.institution,
        "summary": offering.listed.summary,
        "category": offering.listed.category.name,
        "level": offering.listed.level,
        "minutes": offering.listed.duration_minutes,
        "rating": offering.listed.rating,
        "price": offering.price,
        "mode": offering.delivery_mode,
        "booked": offering.enrolment_mode,
        "url": offering.url,
        "sessions": [
            (
                session.key, session.starts_at, session.ends_at, session.enrolment_ends_at,
                str(session.starts_at.tzinfo), session.capacity, session.seats_left,
                session.venue.name, session.venue.region_code, session.venue.region_name,
            )
            for session in offering.sessions
        ],
    }  # fmt: skip


def a_booking(reference, offering, session=None, price=0) -> Booking:
    return Booking(
        Reference(reference),
        RemoteId(offering),
        RemoteId(session) if session else None,
        LearnerId("learner-1"),
        Money(price),
    )


def a_place(code) -> tuple[str, str | None]:
    """What any number of learners can book: online, or a session of many seats."""
    return ("K-8", "S-16") if code in SELLS_SEATS_ONLY else ("K-5", None)


async def test_what_stands_on_the_shelf_comes_through(code):
    shelf = a_shelf(code)

    async with open_shop(code, shelf) as (adapter, _):
        pages = await walk(adapter)

    found = {offering.key: to_found(offering) for page in pages for offering in page.offerings}
    rejections = [rejection for page in pages for rejection in page.rejections]
    assert len(rejections) == NEVER_LOADS.get(code, 0), rejections
    assert found == {row.key: to_told(row) for row in shelf if not row.archived}


async def test_no_word_of_the_sandbox_is_unknown(code):
    async with open_shop(code, a_shelf(code)) as (adapter, _):
        pages = await walk(adapter)

    terms = [term for page in pages for each in page.offerings for term in each.unknown_terms]
    assert terms == []


async def test_an_enrolment_is_booked_found_and_cancelled(code):
    booking = a_booking("ref-1", "K-1", "S-2", price=90_700)

    async with open_shop(code, a_shelf(code)) as (adapter, _):
        unseen = await adapter.find(booking.reference)
        booked = await adapter.enrol(booking)
        again = await adapter.enrol(booking)
        found = await adapter.find(booking.reference)
        cancelled = await adapter.cancel(booking.reference)
        cancelled_again = await adapter.cancel(booking.reference)

    assert unseen is None
    assert booked.status is ReceiptStatus.CONFIRMED
    assert booked.partner_reference
    assert again == booked == found
    assert cancelled.status is ReceiptStatus.CANCELLED
    assert cancelled_again == cancelled


async def test_the_last_seat_is_given_once(code):
    async with open_shop(code, a_shelf(code)) as (adapter, _):
        first = await adapter.enrol(a_booking("ref-1", "K-1", "S-3"))
        second = await adapter.enrol(a_booking("ref-2", "K-1", "S-3"))

    assert first.status is ReceiptStatus.CONFIRMED
    assert (second.status, second.reason) == (ReceiptStatus.REJECTED, "FULL")


async def test_what_is_sold_elsewhere_cannot_be_booked(code):
    async with open_shop(code, a_shelf(code)) as (adapter, _):
        receipt = await adapter.enrol(a_booking("ref-1", "K-4", "S-8"))

    assert (receipt.status, receipt.reason) == (ReceiptStatus.REJECTED, "NOT_BOOKABLE")


async def test_a_day_is_listed_page_by_page(code):
    references = [f"ref-{number}" for number in range(STATEMENT_LENGTH + 2)]
    today = NOW.astimezone(ZONES[0]).date()

    async with open_shop(code, a_shelf(code)) as (adapter, _):
        key, session = a_place(code)
        for number, reference in enumerate(references):
            booked = await adapter.enrol(a_booking(reference, key, session, price=90_000 + number))
            assert booked.status is ReceiptStatus.CONFIRMED
        await adapter.enrol(a_booking("ref-refused", "K-0"))
        await adapter.cancel(Reference("ref-1"))
        first = await adapter.fetch_statement(today)
        last = await adapter.fetch_statement(today, first.next_cursor)
        day_before = await adapter.fetch_statement(today - timedelta(days=1))

    lines = [*first.lines, *last.lines]
    assert (len(first.lines), len(last.lines), last.next_cursor) == (STATEMENT_LENGTH, 2, None)
    assert [line.reference for line in lines] == references
    assert [line.price for line in lines[:2]] == [Money(90_000), Money(90_001)]
    assert [line.status for line in lines[:3]] == ["confirmed", "cancelled", "confirmed"]
    assert len({line.partner_reference for line in lines}) == len(lines)
    assert day_before == Statement()


async def test_wrong_secrets_are_refused(code):
    async with open_shop(code, a_shelf(code), spoil_secrets=True) as (adapter, _):
        with pytest.raises(PartnerAccessError):
            await adapter.fetch_page(None, None)
        with pytest.raises(PartnerAccessError):
            await adapter.enrol(a_booking("ref-1", "K-1", "S-2"))
        with pytest.raises(PartnerAccessError):
            await adapter.fetch_statement(NOW.date())


async def test_a_closed_shop_is_unavailable_and_nothing_is_booked(code):
    async with open_shop(code, a_shelf(code)) as (adapter, listener):
        await adapter.fetch_page(None, None)
        await listener.close()

        with pytest.raises(PartnerUnavailableError):
            await adapter.fetch_page(None, None)
        with pytest.raises(PartnerUnavailableError):
            await adapter.enrol(a_booking("ref-1", "K-1", "S-2"))
