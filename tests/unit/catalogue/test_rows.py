"""What a page's rows become, and which work an unchanged row is spared."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from adapters.base import LeftOut, Page, Rejection
from gateway.catalogue import drafts
from gateway.catalogue.drafts import NOTHING, Standing, to_draft_page
from gateway.catalogue.rows import OfferingRow, PageRows, to_offering_row, to_page_rows
from schema.model.catalogue import Session
from schema.model.values import Money, RemoteId
from tests.catalogue import TOKOPEDIA, an_offering

HTML = "<p onclick='x()'>Kopi<script>alert(1)</script></p>"


def standing_of(row: OfferingRow) -> Standing:
    return Standing(row.raw_hash, row.content_hash)


def rows_of(page: Page, known: Mapping[str, Standing] = NOTHING) -> PageRows:
    return to_page_rows(TOKOPEDIA, to_draft_page(TOKOPEDIA, page, known))


def test_a_row_that_came_just_so_before_is_not_written_down_again():
    offering = an_offering(description_html=HTML)
    first = to_offering_row(TOKOPEDIA, offering)

    again = to_offering_row(TOKOPEDIA, offering, standing_of(first))

    assert again == replace(first, payload=None)


def test_a_change_that_cleaning_takes_away_is_cleaned_and_found_equal():
    first = to_offering_row(TOKOPEDIA, an_offering(description_html=HTML))
    other = an_offering(description_html=HTML.replace("alert(1)", "alert(2)"))

    again = to_offering_row(TOKOPEDIA, other, standing_of(first))

    assert again.payload == first.payload
    assert again.content_hash == first.content_hash
    assert again.raw_hash != first.raw_hash


def test_a_new_way_of_cleaning_cleans_everything_anew(monkeypatch):
    offering = an_offering(description_html=HTML)
    first = to_offering_row(TOKOPEDIA, offering)

    monkeypatch.setattr(drafts, "CLEANING_VERSION", drafts.CLEANING_VERSION + 1)

    assert to_offering_row(TOKOPEDIA, offering, standing_of(first)).payload == first.payload


def test_a_row_that_stands_without_a_raw_hash_is_cleaned():
    offering = an_offering(description_html=HTML)
    first = to_offering_row(TOKOPEDIA, offering)

    again = to_offering_row(TOKOPEDIA, offering, Standing(None, first.content_hash))

    assert again == first


def test_what_cannot_be_hashed_raw_is_compared_clean():
    offering = an_offering(description_html="<p>Kopi \ud800</p>")

    row = to_offering_row(TOKOPEDIA, offering)

    assert row.raw_hash is None
    assert to_offering_row(TOKOPEDIA, offering, standing_of(row)) == row


def test_two_pages_of_unchanged_rows_are_still_told_apart():
    pages = [Page((an_offering(key),)) for key in ("1", "2")]
    known = {row.offering_id: standing_of(row) for page in pages for row in rows_of(page).offerings}

    hashes = {rows_of(page, known).content_hash for page in pages}

    assert hashes == {rows_of(page).content_hash for page in pages}
    assert len(hashes) == 2


@pytest.mark.parametrize(
    "told",
    [
        {"price": -1}, {"price": 10**16}, {"list_price": Money(10**16)},
        {"duration_minutes": 2**31}, {"duration_minutes": -5}, {"rating_count": 2**31},
        {"sessions": (Session(TOKOPEDIA, RemoteId("s"), capacity=2**31),)},
        {"sessions": (Session(TOKOPEDIA, RemoteId("s"), seats_left=-1),)},
    ],
    ids=str,
)  # fmt: skip
def test_numbers_that_no_client_can_read_are_refused(told):
    apart = tuple((RemoteId("1"), each) for each in told.get("sessions", ()))
    page = rows_of(Page((an_offering(**told), an_offering("2")), sessions=apart))

    assert [row.key for row in page.offerings] == ["2"]
    assert page.sessions == ()
    assert len(page.rejections) == 1 + len(apart)


def test_what_is_told_of_rows_that_are_not_shown_can_be_printed():
    spoilt = "A\x1b[2J\u202e\0B\ud800" + "x" * 600
    page = rows_of(
        Page(
            left_out=(LeftOut(spoilt, "archived"),), rejections=(Rejection(1, None, spoilt, "{}"),)
        )
    )

    told = [page.left_out[0].key, page.rejections[0].reason]
    assert all(text.isprintable() and text.startswith("ABx") for text in told)
    assert max(map(len, told)) <= 500
