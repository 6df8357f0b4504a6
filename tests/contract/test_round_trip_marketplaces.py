"""From the shelf through four partners' wire formats and back, over real HTTP.

Whatever a format carries must survive; each facade shows its surprises meanwhile.
"""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.base import Booking, ReceiptStatus
from adapters.errors import (
    CursorExpiredError,
    PartnerAccessError,
    PartnerRefusedError,
    PartnerThrottledError,
)
from adapters.sandbox.world import SandboxOffering
from schema.model.catalogue import Offering, Session
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    PartnerCode,
    Reference,
)
from tests.contract.shops import a_booking, open_shop, walk
from tests.shelves import NOWHERE, a_session, an_offering, to_offering

TOKOPEDIA, BUKALAPAK = PartnerCode("tokopedia"), PartnerCode("bukalapak")
PINTARIA, SEKOLAHMU = PartnerCode("pintaria"), PartnerCode("sekolahmu")

pytestmark = pytest.mark.anyio
all_four = pytest.mark.parametrize("code", [TOKOPEDIA, BUKALAPAK, PINTARIA, SEKOLAHMU])


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


def expected(code: PartnerCode, row: SandboxOffering) -> Offering:
    return to_offering(code, row, bundle=row.bundle and code == TOKOPEDIA)


def booking(row: SandboxOffering, session: int | None = None) -> Booking:
    key = None if session is None else row.sessions[session].key
    return a_booking("REF-1", row.key, key, row.price)


@all_four
async def test_every_field_survives_the_round_trip(code):
    async with open_shop(code, SHELF) as (adapter, _):
        pages = await walk(adapter)

    found = {each.key: each for one in pages for each in one.offerings}
    assert found == {row.key: expected(code, row) for row in SHELF}
    zones = {each.starts_at.tzinfo for offering in found.values() for each in offering.sessions}
    assert zones == {ZoneInfo(f"Asia/{city}") for city in ("Jakarta", "Makassar", "Jayapura")}


@all_four
async def test_an_empty_shelf_is_one_empty_page(code):
    async with open_shop(code, ()) as (adapter, _):
        pages = await walk(adapter)

    assert [one.offerings for one in pages] == [()]


@all_four
async def test_books_once_per_reference_finds_and_cancels(code):
    async with open_shop(code, SHELF) as (adapter, _):
        receipt = await adapter.enrol(booking(ONSITE, 0))
        again = await adapter.enrol(booking(ONSITE, 0))
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
    async with open_shop(code, SHELF) as (adapter, _):
        assert await adapter.find(Reference("REF/never seen?")) is None
        with pytest.raises(PartnerRefusedError):
            await adapter.cancel(Reference("REF/never seen?"))


@all_four
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param(booking(ONLINE, 1), "FULL", id="full"),
        pytest.param(booking(ONLINE), "SESSION_REQUIRED", id="no-session"),
        pytest.param(booking(SHELF[8]), "NOT_BOOKABLE", id="link-only"),
    ],
)
async def test_a_refusal_is_a_rejected_receipt(code, asked, reason):
    async with open_shop(code, SHELF) as (adapter, _):
        receipt = await adapter.enrol(asked)

    assert (receipt.status, receipt.reason) == (ReceiptStatus.REJECTED, reason)


@all_four
async def test_a_course_without_sessions_is_booked_without_one(code):
    async with open_shop(code, SHELF) as (adapter, _):
        receipt = await adapter.enrol(booking(SHELF[0]))

    assert receipt.status is ReceiptStatus.CONFIRMED


@all_four
async def test_wrong_secrets_are_refused(code):
    async with open_shop(code, SHELF, spoil_secrets=True) as (adapter, _):
        with pytest.raises(PartnerRefusedError):
            await adapter.fetch_page()
        with pytest.raises(PartnerRefusedError):
            await adapter.enrol(booking(SHELF[0]))


async def test_tokopedias_token_ends_in_the_middle_of_the_walk():
    async with open_shop(TOKOPEDIA, SHELF) as (adapter, door):
        pages = await walk(adapter)

    assert [one.total for one in pages] == [len(SHELF)] * 4
    assert door.answers == [
        ("/token", 200),
        *[("/v1/products", 200)] * 3,
        ("/v1/products", 401),
        ("/token", 200),
        ("/v1/products", 200),
    ]


async def test_tokopedias_500_for_a_missing_permission_is_ours_to_mend():
    narrow = {"kind": "oauth2_client_credentials", "scope": "catalogue"}
    async with open_shop(TOKOPEDIA, SHELF, auth=narrow) as (adapter, door):
        with pytest.raises(PartnerAccessError) as refused:
            await adapter.enrol(booking(SHELF[0]))

    assert refused.value.code == "ORD_USC_015"
    assert door.answers[-1] == ("/enrolments", 500)


async def test_bukalapak_says_by_a_date_when_to_come_back():
    async with open_shop(BUKALAPAK, SHELF) as (adapter, _):
        first = await adapter.fetch_page()

        with pytest.raises(PartnerThrottledError) as throttled:
            await adapter.fetch_page(first.next_cursor)

    assert throttled.value.retry_after is not None
    assert 0 <= throttled.value.retry_after <= 1


async def test_bukalapaks_list_moves_while_it_is_read():
    async with open_shop(BUKALAPAK, SHELF) as (adapter, _):
        pages = await walk(adapter)

    assert {one.total for one in pages} == {len(SHELF), len(SHELF) + 1}
    assert pages[0].offerings[0].key == SHELF[-1].key  # promoted, and not at the end alone


async def test_bukalapak_refuses_a_signature_for_another_request():
    async with open_shop(BUKALAPAK, SHELF) as (adapter, door):
        http = adapter._client._http
        signed = http.build_request("GET", f"{door.address}/products?offset=0&limit=1")
        await http.send(signed)
        signed.url = signed.url.copy_merge_params({"limit": "50"})

        answer = await http.send(signed, auth=None)

    assert answer.status_code == 401


async def test_sekolahmu_loses_one_course_and_keeps_the_rest_of_the_page():
    async with open_shop(SEKOLAHMU, SHELF) as (adapter, door):
        pages = await walk(adapter)

    (rejection,) = [each for one in pages for each in one.rejections]
    assert rejection.row == 2
    assert rejection.reason == "course could not be loaded"
    assert {status for _, status in door.answers} == {200}


async def test_sekolahmus_unknown_cursor_starts_the_walk_again():
    async with open_shop(SEKOLAHMU, SHELF) as (adapter, _):
        with pytest.raises(CursorExpiredError):
            await adapter.fetch_page("bm9ib2R5")
