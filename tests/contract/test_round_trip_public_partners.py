"""From the shelf through three partners' wire formats and back: nothing told is lost.

What all ten partners have in common is in `test_facades.py`; here every field is
compared, and each format shows its own surprises.
"""

from dataclasses import replace

import pytest

from adapters.base import NotModified, ReceiptStatus
from adapters.sandbox.generator import generate
from adapters.sandbox.world import SandboxOffering
from schema.model.catalogue import Offering
from schema.model.values import (
    DeliveryMode,
    EnrolmentMode,
    PartnerCode,
    folded,
)
from tests.contract.shops import a_booking, a_session, a_shelf, an_offering, open_shop, walk
from tests.shelves import NOWHERE, to_offering

MAUBELAJARAPA = PartnerCode("maubelajarapa")
PIJAR_MAHIR = PartnerCode("pijar_mahir")
SISNAKER = PartnerCode("sisnaker")

pytestmark = pytest.mark.anyio
all_three = pytest.mark.parametrize("code", [MAUBELAJARAPA, PIJAR_MAHIR, SISNAKER])

ODD_ONES = (
    an_offering(
        200, title="Kafé & Roti; “Pastri”, dan <Kue>: l'Éclair", institution="PT Roti Tbk."
    ),
    an_offering(201, institution="Karya - Nusantara", category="Gaya hidup"),
    an_offering(202, description_html="<p>Baris satu</p>\n<p>Baris <b>dua</b></p>", level=None),
    an_offering(203, delivery_mode=DeliveryMode.LIVE_ONLINE, sessions=(a_session(900, **NOWHERE),)),
    an_offering(204, delivery_mode=DeliveryMode.BLENDED, duration_minutes=240),
    an_offering(205, price=0, list_price=150_000, duration_minutes=45),
    an_offering(206, bookable=False, sessions=(a_session(901, seats_left=0, capacity=1_250),)),
)


def expected(code: PartnerCode, row: SandboxOffering) -> Offering:
    """Say by hand what `row` must become; MauBelajarApa books sessions only."""
    can_book = row.bookable and (code != MAUBELAJARAPA or bool(row.sessions))
    mode = EnrolmentMode.DIRECT if can_book else EnrolmentMode.LINK
    return to_offering(code, row, enrolment_mode=mode)


def without_template(offering: Offering, row: SandboxOffering) -> Offering:
    """Return `offering` with the description that Pijar Mahir put into its template."""
    html = offering.listed.description_html
    assert html.endswith(row.description_html)
    return replace(offering, listed=replace(offering.listed, description_html=row.description_html))


@all_three
async def test_every_field_survives_the_whole_walk(code):
    shelf = [*a_shelf(code), *ODD_ONES]

    async with open_shop(code, shelf) as (adapter, _):
        pages = await walk(adapter)

    found = {offering.key: offering for page in pages for offering in page.offerings}
    for row in shelf:
        offering = found.pop(row.key)
        if code == PIJAR_MAHIR:
            offering = without_template(offering, row)
        assert offering == expected(code, row)
        assert [s.starts_at.tzinfo for s in offering.sessions] == [
            s.starts_at.tzinfo for s in row.sessions
        ]
    assert not found
    assert [page.rejections for page in pages] == [()] * len(pages)


@all_three
async def test_the_demo_joins_as_if_the_formats_were_not_there(code):
    shelf = generate()[code]

    async with open_shop(code, shelf) as (adapter, _):
        pages = await walk(adapter)

    listed = [offering.listed for page in pages for offering in page.offerings]
    found = {(folded(each.institution), folded(each.title)) for each in listed}
    assert found == {(folded(row.institution), folded(row.title)) for row in shelf}
    assert {each.category.name for each in listed} == {row.category for row in shelf}


@all_three
async def test_any_reference_can_be_booked_found_and_cancelled(code):
    booking = a_booking('ref/ ?&<"1">', "K-1", "S-2", price=90_700)

    async with open_shop(code, a_shelf(code)) as (adapter, _):
        unseen = await adapter.find(booking.reference)
        booked = await adapter.enrol(booking)
        found = await adapter.find(booking.reference)
        cancelled = await adapter.cancel(booking.reference)

    assert unseen is None
    assert (booked.status, booked.reference) == (ReceiptStatus.CONFIRMED, booking.reference)
    assert booked.redeem_code
    assert booked.access_url
    assert found == booked
    assert cancelled == replace(booked, status=ReceiptStatus.CANCELLED)


@all_three
async def test_a_class_with_sessions_wants_one_to_be_named(code):
    async with open_shop(code, a_shelf(code)) as (adapter, _):
        receipt = await adapter.enrol(a_booking("ref-1", "K-1"))

    assert (receipt.status, receipt.reason) == (ReceiptStatus.REJECTED, "SESSION_REQUIRED")


async def test_maubelajarapa_is_read_again_only_when_its_file_has_changed():
    async with open_shop(MAUBELAJARAPA, a_shelf(MAUBELAJARAPA)) as (adapter, _):
        page = await adapter.fetch_page()
        unchanged = await adapter.fetch_page(None, page.validators)
        await adapter.enrol(a_booking("ref-1", "K-1", "S-2"))
        changed = await adapter.fetch_page(None, page.validators)

    assert isinstance(unchanged, NotModified)
    assert changed.offerings[0].sessions[0].seats_left == 11
    assert changed.offerings[1:] == page.offerings[1:]


async def test_pijar_mahir_repeats_rows_and_the_walk_ends_at_an_empty_page():
    shelf = a_shelf(PIJAR_MAHIR)

    async with open_shop(PIJAR_MAHIR, shelf) as (adapter, _):
        pages = await walk(adapter)

    keys = [offering.key for page in pages for offering in page.offerings]
    assert pages[0].offerings[-1] == pages[1].offerings[0]
    assert len(keys) == len(shelf) + 2
    assert len(set(keys)) == len(shelf)
    assert pages[-1].offerings == ()


async def test_sisnaker_counts_its_pages_and_trainings():
    shelf = a_shelf(SISNAKER)

    async with open_shop(SISNAKER, shelf) as (adapter, _):
        pages = await walk(adapter)

    assert [page.total for page in pages] == [len(shelf)] * 3
    assert [page.next_cursor for page in pages] == ["2", "3", None]
