"""Every sandbox partner, over real HTTP: what stands on its shelf comes through its adapter."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.base import ReceiptStatus, Statement
from adapters.errors import PartnerAccessError, PartnerUnavailableError
from adapters.sandbox.book import STATEMENT_LENGTH
from adapters.sandbox.secrets import SANDBOX_PARTNERS
from adapters.sandbox.world import SandboxOffering
from schema.model.values import (
    EnrolmentMode,
    Money,
    Reference,
)
from tests.contract.shops import NOW, SELLS_SEATS_ONLY, ZONES, a_booking, a_shelf, open_shop, walk

NEVER_LOADS = {"sekolahmu": 1}  # rows that the partner lists but cannot give

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("code", SANDBOX_PARTNERS)]


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
    today = NOW.astimezone(ZoneInfo(ZONES[0])).date()

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
    async with open_shop(code, a_shelf(code)) as (adapter, door):
        await adapter.fetch_page(None, None)
        await door.close()

        with pytest.raises(PartnerUnavailableError):
            await adapter.fetch_page(None, None)
        with pytest.raises(PartnerUnavailableError):
            await adapter.enrol(a_booking("ref-1", "K-1", "S-2"))
