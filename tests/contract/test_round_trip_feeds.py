"""From the shelf through a feed's wire format and back: what the format carries survives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.base import NotModified, ReceiptStatus
from adapters.errors import PartnerRefusedError
from adapters.sandbox.world import SandboxOffering
from schema.model.catalogue import Offering
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    PartnerCode,
    Reference,
)
from tests import shelves
from tests.contract.shops import a_booking, open_shop
from tests.shelves import NOWHERE, a_session, to_offering

BINA_BUMN, PASAR_KELAS = PartnerCode("bina_bumn"), PartnerCode("pasar_kelas")

pytestmark = pytest.mark.anyio
both = pytest.mark.parametrize("code", [BINA_BUMN, PASAR_KELAS])


def an_offering(key: str, **told) -> SandboxOffering:
    usual = {
        "list_price": 299_000,
        "delivery_mode": DeliveryMode.ONSITE,
        "sessions": (a_session(f"{key}-1"),),
    }
    return shelves.an_offering(key, **usual | told)


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
        sessions=(a_session("A-4-1", **NOWHERE),),
    ),
)


def expected(code: PartnerCode, row: SandboxOffering) -> Offering:
    """Say by hand what `row` must become; Pasar Kelas books sessions only."""
    can_book = row.bookable and (code != PASAR_KELAS or bool(row.sessions))
    return to_offering(
        code,
        row,
        enrolment_mode=EnrolmentMode.DIRECT if can_book else EnrolmentMode.LINK,
        bundle=row.bundle and code != PASAR_KELAS,
    )


@asynccontextmanager
async def running(code: PartnerCode, **manner) -> AsyncIterator:
    """Serve the shelf as the partner does, and give the adapter that reads it."""
    async with open_shop(code, SHELF, **manner) as (adapter, _):
        yield adapter


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
        await adapter.enrol(a_booking("REF-1", "A-1", "A-1-1"))
        after = await adapter.fetch_page(None, before.validators)

    assert [page.offerings[0].sessions[0].seats_left for page in (before, after)] == [7, 6]


@both
async def test_a_wrong_secret_is_refused(code):
    async with running(code, spoil_secrets=True) as adapter:
        with pytest.raises(PartnerRefusedError):
            await adapter.fetch_page()
        with pytest.raises(PartnerRefusedError):
            await adapter.enrol(a_booking("REF-1", "A-1", "A-1-1"))


@both
async def test_a_reference_books_once(code):
    async with running(code) as adapter:
        first = await adapter.enrol(a_booking("REF-1", "A-1", "A-1-1"))
        again = await adapter.enrol(a_booking("REF-1", "A-1", "A-1-1"))
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
        await adapter.enrol(a_booking("REF-1", "A-1", "A-1-1"))
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
        receipt = await adapter.enrol(a_booking("REF-1", "A-3"))

    assert (receipt.status, receipt.reason) == (ReceiptStatus.REJECTED, "SESSION_REQUIRED")


async def test_a_partner_that_books_courses_needs_none():
    async with running(BINA_BUMN) as adapter:
        receipt = await adapter.enrol(a_booking("REF-1", "A-3"))

    assert receipt.status is ReceiptStatus.CONFIRMED
