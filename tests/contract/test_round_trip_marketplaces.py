"""From the shelf through four partners' wire formats and back, over real HTTP.

Whatever a format carries must survive; each facade shows its surprises meanwhile.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.addresses import THIS_MACHINE
from adapters.base import Booking, Page, PartnerSettings, ReceiptStatus
from adapters.errors import (
    CursorExpiredError,
    PartnerAccessError,
    PartnerRefusedError,
    PartnerThrottledError,
)
from adapters.registry import build_adapter
from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
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

TOKOPEDIA, BUKALAPAK = PartnerCode("tokopedia"), PartnerCode("bukalapak")
PINTARIA, SEKOLAHMU = PartnerCode("pintaria"), PartnerCode("sekolahmu")
SECRETS = {
    TOKOPEDIA: {"client_id": "mitra", "client_secret": "sesame"},
    BUKALAPAK: {"key_id": "mitra", "key_secret": "sesame"},
    PINTARIA: {"api_key": "sesame"},
    SEKOLAHMU: {"token": "sesame"},
}

pytestmark = pytest.mark.anyio
all_four = pytest.mark.parametrize("code", list(SECRETS))


def a_session(key: str, zone: str, **told) -> SandboxSession:
    place = ZoneInfo(zone)
    usual = SandboxSession(
        key=key,
        starts_at=datetime(2090, 5, 4, 8, 30, tzinfo=place),
        ends_at=datetime(2090, 5, 6, 16, 45, tzinfo=place),
        enrolment_ends_at=datetime(2090, 5, 1, 23, 59, tzinfo=place),
        capacity=20,
        seats_left=7,
        venue_name='Gedung "Mawar" - lantai 2',
        address="Jl. Perintis Kemerdekaan No. 12 | Blok C",
        region_code="73.71",
        region_name="Kota Makassar",
    )
    return replace(usual, **told)


def an_offering(key: str, **told) -> SandboxOffering:
    usual = SandboxOffering(
        key=key,
        course=0,
        title="Barista Pemula: dari Biji & Cangkir",
        institution="LKP Rasa Ibu",
        summary="Belajar meracik kopi “dari nol”.",
        description_html="<p>Baris satu</p>\n<p>Baris <b>dua</b></p>",
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


NOWHERE = dict.fromkeys(("venue_name", "address", "region_code", "region_name"), "")
ONLINE = an_offering(
    "840001",
    delivery_mode=DeliveryMode.LIVE_ONLINE,
    level=CourseLevel.INTERMEDIATE,
    sessions=(
        a_session("840001-900504", "Asia/Jakarta", **NOWHERE),
        a_session("840001-900601", "Asia/Jakarta", **NOWHERE, seats_left=0),
    ),
)
ONSITE = an_offering(
    "840002",
    delivery_mode=DeliveryMode.ONSITE,
    level=CourseLevel.ADVANCED,
    institution="Balai Pelatihan Ternate",
    duration_minutes=960,
    sessions=(
        a_session("840002-1", "Asia/Jayapura"),
        a_session("840002-2", "Asia/Makassar", region_code="72.71", region_name="Kota Palu"),
    ),
)
SHELF = (
    an_offering("840000"),
    ONLINE,
    ONSITE,
    an_offering("840003", delivery_mode=DeliveryMode.BLENDED, level=CourseLevel.ALL),
    an_offering("840004", price=0, rating=None, rating_count=0, duration_minutes=45),
    an_offering("840005", price=349_000, list_price=500_000),
    an_offering("840006", price=1_234_567, list_price=1_999_999),
    an_offering("840007", price=0, list_price=150_000),
    an_offering("840008", bookable=False, bundle=True),
    an_offering("840009", level=CourseLevel.UNKNOWN, delivery_mode=DeliveryMode.UNKNOWN),
    *(an_offering(f"84{number:04}", institution=f"LKP {number % 7}") for number in range(10, 150)),
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


def expected_offering(code: PartnerCode, row: SandboxOffering) -> Offering:
    return Offering(
        partner=code,
        key=RemoteId(row.key),
        listed=ListedCourse(
            title=row.title,
            institution=row.institution,
            summary=row.summary,
            description_html=row.description_html,
            category=Category("makanan-dan-minuman", row.category),
            level=row.level,
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
        sessions=tuple(expected_session(code, each) for each in row.sessions),
        bundle=row.bundle and code == "tokopedia",
    )


def a_booking(row: SandboxOffering, reference: str, session: int | None = None) -> Booking:
    return Booking(
        reference=Reference(reference),
        offering=RemoteId(row.key),
        session=None if session is None else RemoteId(row.sessions[session].key),
        learner=LearnerId("learner"),
        price=Money(row.price),
    )


@dataclass
class Stall:
    """A partner that is open: its address, and what it answered."""

    code: PartnerCode
    address: str = ""
    answers: list[tuple[str, int]] = field(default_factory=list)

    def adapter(self, stack: AsyncExitStack, *, secrets=None, options=None) -> Any:
        settings = PartnerSettings(
            self.code, self.address, secrets or SECRETS[self.code], options or {}
        )
        adapter = build_adapter(self.code, settings, reach=THIS_MACHINE)
        stack.push_async_callback(adapter.aclose)
        return adapter


@asynccontextmanager
async def serving(
    code: PartnerCode, shelf: Sequence[SandboxOffering] = SHELF
) -> AsyncIterator[tuple[Stall, AsyncExitStack]]:
    stall = Stall(code)

    @web.middleware
    async def witness(request, handler):
        response = await handler(request)
        stall.answers.append((request.path, response.status))
        return response

    def now() -> datetime:
        return datetime.now(UTC)

    facade = import_module(f"adapters.sandbox.facades.{code}")
    shop = Shop(code, shelf, EnrolmentBook(code, shelf, now=now), SECRETS[code], now)
    app = web.Application(middlewares=[witness])
    app.add_routes(facade.build_routes(shop))
    async with TestServer(app) as server, AsyncExitStack() as stack:
        stall.address = str(server.make_url("")).rstrip("/")
        yield stall, stack


async def walk(adapter: Any) -> list[Page]:
    """Read every page; a page that is throttled is asked for again at once."""
    pages: list[Page] = []
    cursor = None
    while len(pages) < 20:
        try:
            pages.append(await adapter.fetch_page(cursor))
        except PartnerThrottledError:
            continue
        cursor = pages[-1].next_cursor
        if cursor is None:
            return pages
    raise AssertionError("the walk does not end")


@all_four
async def test_every_field_survives_the_round_trip(code):
    async with serving(code) as (stall, stack):
        pages = await walk(stall.adapter(stack))

    found = {each.key: each for one in pages for each in one.offerings}
    assert found == {row.key: expected_offering(code, row) for row in SHELF}
    zones = {each.starts_at.tzinfo for offering in found.values() for each in offering.sessions}
    assert zones == {ZoneInfo(f"Asia/{city}") for city in ("Jakarta", "Makassar", "Jayapura")}


@all_four
async def test_an_empty_shelf_is_one_empty_page(code):
    async with serving(code, ()) as (stall, stack):
        pages = await walk(stall.adapter(stack))

    assert [one.offerings for one in pages] == [()]


@all_four
async def test_books_once_per_reference_finds_and_cancels(code):
    async with serving(code) as (stall, stack):
        adapter = stall.adapter(stack)

        receipt = await adapter.enrol(a_booking(ONSITE, "REF-1", session=0))
        again = await adapter.enrol(a_booking(ONSITE, "REF-1", session=0))
        found = await adapter.find(Reference("REF-1"))
        listed = await sessions_of(adapter, ONSITE)
        cancelled = await adapter.cancel(Reference("REF-1"))
        cancelled_again = await adapter.cancel(Reference("REF-1"))

        assert receipt.status is ReceiptStatus.CONFIRMED
        assert receipt.partner_reference
        assert receipt.redeem_code
        assert receipt.access_url == f"{ONSITE.url}?redeem={receipt.redeem_code}"
        assert again == found == receipt
        assert [session.seats_left for session in listed] == [6, 7]
        assert cancelled == replace(receipt, status=ReceiptStatus.CANCELLED)
        assert cancelled_again == cancelled


async def sessions_of(adapter: Any, row: SandboxOffering) -> tuple[Session, ...]:
    pages = await walk(adapter)
    (found,) = [each for one in pages for each in one.offerings if each.key == row.key]
    return found.sessions


@all_four
async def test_a_reference_never_seen_is_not_found(code):
    async with serving(code) as (stall, stack):
        adapter = stall.adapter(stack)

        assert await adapter.find(Reference("REF/never seen?")) is None
        with pytest.raises(PartnerRefusedError):
            await adapter.cancel(Reference("REF/never seen?"))


@all_four
@pytest.mark.parametrize(
    ("booking", "reason"),
    [
        pytest.param(a_booking(ONLINE, "REF-1", session=1), "FULL", id="full"),
        pytest.param(a_booking(ONLINE, "REF-1"), "SESSION_REQUIRED", id="no-session"),
        pytest.param(a_booking(SHELF[8], "REF-1"), "NOT_BOOKABLE", id="link-only"),
    ],
)
async def test_a_refusal_is_a_rejected_receipt(code, booking, reason):
    async with serving(code) as (stall, stack):
        receipt = await stall.adapter(stack).enrol(booking)

    assert (receipt.status, receipt.reason) == (ReceiptStatus.REJECTED, reason)


@all_four
async def test_a_course_without_sessions_is_booked_without_one(code):
    async with serving(code) as (stall, stack):
        receipt = await stall.adapter(stack).enrol(a_booking(SHELF[0], "REF-1"))

    assert receipt.status is ReceiptStatus.CONFIRMED


@all_four
async def test_wrong_secrets_are_refused(code):
    wrong = dict.fromkeys(SECRETS[code], "not sesame")
    async with serving(code) as (stall, stack):
        adapter = stall.adapter(stack, secrets=wrong)

        with pytest.raises(PartnerRefusedError):
            await adapter.fetch_page()
        with pytest.raises(PartnerRefusedError):
            await adapter.enrol(a_booking(SHELF[0], "REF-1"))


async def test_tokopedias_token_ends_in_the_middle_of_the_walk():
    async with serving(TOKOPEDIA) as (stall, stack):
        pages = await walk(stall.adapter(stack))

    assert [one.total for one in pages] == [len(SHELF)] * 4
    assert stall.answers == [
        ("/token", 200),
        *[("/v1/products", 200)] * 3,
        ("/v1/products", 401),
        ("/token", 200),
        ("/v1/products", 200),
    ]


async def test_tokopedias_500_for_a_missing_permission_is_ours_to_mend():
    narrow = {"auth": {"kind": "oauth2_client_credentials", "scope": "catalogue"}}
    async with serving(TOKOPEDIA) as (stall, stack):
        adapter = stall.adapter(stack, options=narrow)

        with pytest.raises(PartnerAccessError) as refused:
            await adapter.enrol(a_booking(SHELF[0], "REF-1"))

    assert refused.value.code == "ORD_USC_015"
    assert stall.answers[-1] == ("/enrolments", 500)


async def test_bukalapak_says_by_a_date_when_to_come_back():
    async with serving(BUKALAPAK) as (stall, stack):
        adapter = stall.adapter(stack)
        first = await adapter.fetch_page()

        with pytest.raises(PartnerThrottledError) as throttled:
            await adapter.fetch_page(first.next_cursor)

    assert throttled.value.retry_after is not None
    assert 0 <= throttled.value.retry_after <= 1


async def test_bukalapaks_list_moves_while_it_is_read():
    async with serving(BUKALAPAK) as (stall, stack):
        pages = await walk(stall.adapter(stack))

    assert {one.total for one in pages} == {len(SHELF), len(SHELF) + 1}
    assert pages[0].offerings[0].key == SHELF[-1].key  # promoted, and not at the end alone


async def test_bukalapak_refuses_a_signature_for_another_request():
    async with serving(BUKALAPAK) as (stall, stack):
        adapter = stall.adapter(stack)
        http = adapter._client._http
        signed = http.build_request("GET", f"{stall.address}/products?offset=0&limit=1")
        await http.send(signed)
        signed.url = signed.url.copy_merge_params({"limit": "50"})

        answer = await http.send(signed, auth=None)

    assert answer.status_code == 401


async def test_sekolahmu_loses_one_course_and_keeps_the_rest_of_the_page():
    async with serving(SEKOLAHMU) as (stall, stack):
        pages = await walk(stall.adapter(stack))

    (rejection,) = [each for one in pages for each in one.rejections]
    assert rejection.row == 2
    assert rejection.reason == "course could not be loaded"
    assert {status for _, status in stall.answers} == {200}


async def test_sekolahmus_unknown_cursor_starts_the_walk_again():
    async with serving(SEKOLAHMU) as (stall, stack):
        with pytest.raises(CursorExpiredError):
            await stall.adapter(stack).fetch_page("bm9ib2R5")
