"""How Bukalapak's products become offerings, and how its moving list is walked."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.bukalapak.mapping import OVERLAP, next_offset, to_page, to_prices
from adapters.errors import PartnerContractError
from schema.model.catalogue import UnknownTerm, Venue
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
)

PARTNER = PartnerCode("bukalapak")


def a_product(**told):
    return {
        "id": "bl11",
        "name": "Barista Pemula",
        "store": {"name": "LKP Rasa Ibu"},
        "price": 500_000,
        "bookable": True,
        **told,
    }


def a_page(*products, **meta):
    return to_page({"data": list(products), "meta": meta}, PARTNER, offset=0, limit=50)


def the_offering(product):
    page = a_page(product)
    assert page.rejections == ()
    return page.offerings[0]


@pytest.mark.parametrize(
    ("offset", "count", "total", "following"),
    [
        pytest.param(0, 50, 214, 45, id="full"),
        pytest.param(50, 50, 100, 95, id="full-at-the-total: it may have grown"),
        pytest.param(95, 5, 100, None, id="short-at-the-total"),
        pytest.param(95, 5, 0, None, id="short-without-a-total"),
        pytest.param(0, 20, 214, 15, id="short-before-the-total: fewer than asked for"),
        pytest.param(95, 3, 500, 96, id="a total that lies moves on one by one"),
        pytest.param(98, 0, 500, None, id="empty"),
    ],
)
def test_where_the_next_page_begins(offset, count, total, following):
    assert next_offset(offset, count, limit=50, total=total) == following


@given(
    size=st.integers(0, 400),
    limit=st.integers(1, 50),
    totals=st.lists(st.integers(0, 500), min_size=1, max_size=20),
)
def test_a_walk_ends_and_sees_every_row_whatever_the_totals_say(size, limit, totals):
    seen, offset, pages = set(), 0, 0

    while offset is not None:
        rows = range(size)[offset : offset + limit]
        seen.update(rows)
        following = next_offset(offset, len(rows), limit=limit, total=totals[pages % len(totals)])
        assert following is None or following > offset
        offset, pages = following, pages + 1

    assert seen == set(range(size))


@given(size=st.integers(51, 400), lost=st.integers(1, OVERLAP), at=st.integers(1, 7))
def test_rows_that_slide_to_the_left_are_still_seen(size, lost, at):
    rows, seen, offset, pages = list(range(size)), set(), 0, 0

    while offset is not None:
        if pages == at:
            del rows[:lost]
        page = rows[offset : offset + 50]
        seen.update(page)
        offset = next_offset(offset, len(page), limit=50, total=len(rows))
        pages += 1

    assert set(rows) <= seen


@pytest.mark.parametrize(
    ("told", "price", "list_price"),
    [
        ({"discount": {"percent": 30.2}}, Money(349_000), Money(500_000)),
        ({"discount": {"percent": "30.2"}}, Money(349_000), Money(500_000)),
        ({"discount": {"percent": 100}}, Money(0), Money(500_000)),
        ({"discount": {"percent": 0}}, Money(500_000), None),
        ({"discount": None}, Money(500_000), None),
        ({}, Money(500_000), None),
        ({"price": 0}, Money(0), None),
        ({"price": None}, None, None),
        ({"price": 333, "discount": {"percent": 50}}, Money(167), Money(333)),
    ],
)
def test_the_price_is_the_list_price_minus_a_percentage(told, price, list_price):
    assert to_prices(a_product(**told)) == (price, list_price)


@given(st.integers(1, 10_000_000), st.data())
def test_six_decimals_of_a_percentage_carry_every_price(listed, data):
    asked = data.draw(st.integers(0, listed - 1))
    percent = float(round(100 * (listed - asked) / listed, 6))

    assert to_prices({"price": listed, "discount": {"percent": percent}})[0] == Money(asked)


@pytest.mark.parametrize("percent", [-5, 101, "banyak", True, float("inf")])
def test_a_discount_that_is_none_costs_its_row_alone(percent):
    page = a_page(a_product(discount={"percent": percent}), a_product(id="bl12"))

    assert [offering.key for offering in page.offerings] == ["bl12"]
    assert len(page.rejections) == 1


def test_the_store_is_the_institution():
    assert the_offering(a_product()).listed.institution == "LKP Rasa Ibu"


def test_a_product_without_a_store_is_rejected_with_its_key():
    page = a_page(a_product(store=None))

    assert [each.key for each in page.rejections] == ["bl11"]


def test_a_product_is_booked_only_when_it_says_so():
    assert the_offering(a_product()).enrolment_mode is EnrolmentMode.DIRECT
    assert the_offering(a_product(bookable=False)).enrolment_mode is EnrolmentMode.LINK
    assert the_offering(a_product(bookable=None)).enrolment_mode is EnrolmentMode.LINK


def test_unknown_words_are_kept_and_shown_as_unknown():
    offering = the_offering(a_product(course={"level": "sepuh", "method": "karaoke"}))

    assert offering.listed.level is CourseLevel.UNKNOWN
    assert offering.delivery_mode is DeliveryMode.UNKNOWN
    assert offering.unknown_terms == (
        UnknownTerm("level", "sepuh"),
        UnknownTerm("delivery_mode", "karaoke"),
    )


def test_a_schedule_is_a_session_in_its_own_zone():
    schedule = {
        "id": "S-1",
        "start_time": "2020-06-01T01:00:00Z",
        "end_time": "2020-06-02T16:00:00+08:00",
        "timezone": "Asia/Makassar",
        "remaining": -1,
        "location": {"name": "Balai", "region": {"code": "73.71"}},
    }

    (session,) = the_offering(a_product(schedules=[schedule])).sessions

    makassar = ZoneInfo("Asia/Makassar")
    assert session.starts_at == datetime(2020, 6, 1, 9, tzinfo=makassar)
    assert session.starts_at.tzinfo == makassar
    assert session.enrolment_ends_at is None
    assert (session.capacity, session.seats_left) == (None, 0)
    assert session.venue == Venue(name="Balai", region_code="73.71")


def test_of_a_product_listed_twice_one_is_kept():
    page = a_page(a_product(), a_product(id="bl12"), a_product())

    assert [offering.key for offering in page.offerings] == ["bl11", "bl12"]
    assert [each.rule for each in page.left_out] == ["duplicate"]


@pytest.mark.parametrize("body", [None, {}, {"data": {}}, {"data": [7]}])
def test_an_answer_without_products_breaks_the_contract(body):
    with pytest.raises(PartnerContractError):
        to_page(body, PARTNER, offset=0, limit=50)
