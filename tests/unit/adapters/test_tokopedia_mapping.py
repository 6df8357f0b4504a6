"""How Tokopedia's products become offerings."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.errors import PartnerContractError
from adapters.tokopedia.mapping import to_page
from schema.model.catalogue import UnknownTerm
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    EnrolmentMode,
    Money,
    PartnerCode,
)

PARTNER = PartnerCode("tokopedia")


def attributes(**told):
    return [{"name": name.replace("_", " "), "value": value} for name, value in told.items()]


def a_product(*, without=(), **told):
    product = {
        "product_id": 840000017,
        "name": "Barista Pemula",
        "price": {"value": 350_000, "currency": "IDR", "original_value": 0},
        "attributes": attributes(Lembaga="LKP Rasa Ibu", Metode="Mandiri"),
        **told,
    }
    return {key: value for key, value in product.items() if key not in without}


def a_variant(**told):
    fields = {"Jadwal": "01-06-2020 09:00 - 02-06-2020 16:00 WITA", **told}
    return {"variant_id": "V-1", "stock": 12, "attributes": attributes(**fields)}


def a_page(*products, per_page=50, number=1, **data):
    body = {"header": {}, "data": {"products": list(products), **data}}
    return to_page(body, PARTNER, number=number, per_page=per_page)


def the_offering(product):
    page = a_page(product)
    assert page.rejections == ()
    return page.offerings[0]


def test_a_full_page_is_followed_by_the_next():
    page = a_page(a_product(), number=7, per_page=1, total_data=312)

    assert (page.next_cursor, page.total) == ("8", 312)


@pytest.mark.parametrize("products", [(), (a_product(),)], ids=["empty", "short"])
def test_a_page_that_is_not_full_is_the_last(products):
    assert a_page(*products, per_page=2).next_cursor is None


def test_a_bad_row_counts_towards_a_full_page():
    assert a_page({"product_id": 1}, per_page=1).next_cursor == "2"


def test_a_total_that_is_no_number_is_not_told():
    assert a_page(a_product(), total_data="many").total is None


@pytest.mark.parametrize("body", [None, {"data": None}, {"data": {"products": {}}}, [7]])
def test_an_answer_without_products_breaks_the_contract(body):
    with pytest.raises(PartnerContractError):
        to_page(body, PARTNER, number=1, per_page=50)


def test_a_numeric_id_is_kept_as_text():
    assert the_offering(a_product()).key == "840000017"


def test_attributes_are_found_whatever_their_case_and_order():
    told = attributes(Berat="1 g", METODE="tatap muka", **{" lembaga": "LKP Rasa Ibu"})

    offering = the_offering(a_product(attributes=told))

    assert offering.listed.institution == "LKP Rasa Ibu"
    assert offering.delivery_mode is DeliveryMode.ONSITE


def test_a_product_without_an_institution_is_no_course():
    page = a_page(a_product(attributes=attributes(Ukuran="42")), a_product())

    assert len(page.offerings) == 1
    assert [(each.row, each.key) for each in page.rejections] == [(1, "840000017")]
    assert "Lembaga" in page.rejections[0].reason


@pytest.mark.parametrize(
    ("told", "price", "list_price"),
    [
        ({"value": 350_000, "original_value": 500_000}, Money(350_000), Money(500_000)),
        ({"value": 350_000, "original_value": 0}, Money(350_000), None),
        ({"value": 350_000}, Money(350_000), None),
        ({"value": 0}, Money(0), None),
        ({"value": None}, None, None),
    ],
    ids=["discounted", "old-price-0", "no-old-price", "free", "not-told"],
)
def test_the_price_before_a_discount_is_the_list_price(told, price, list_price):
    offering = the_offering(a_product(price={"currency": "IDR", **told}))

    assert (offering.price, offering.list_price) == (price, list_price)


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("Ya", EnrolmentMode.DIRECT),
        ("YA ", EnrolmentMode.DIRECT),
        ("Tidak", EnrolmentMode.LINK),
        ("Nanti", EnrolmentMode.LINK),
    ],
)
def test_only_a_clear_yes_can_be_booked(word, mode):
    told = attributes(Lembaga="LKP Rasa Ibu", Bisa_Dipesan=word)

    assert the_offering(a_product(attributes=told)).enrolment_mode is mode


def test_a_product_that_does_not_say_is_not_booked():
    assert the_offering(a_product()).enrolment_mode is EnrolmentMode.LINK


def test_unknown_words_are_kept_and_shown_as_unknown():
    told = attributes(Lembaga="LKP Rasa Ibu", Level="Sepuh", Metode="Karaoke")

    offering = the_offering(a_product(attributes=told))

    assert offering.listed.level is CourseLevel.UNKNOWN
    assert offering.delivery_mode is DeliveryMode.UNKNOWN
    assert offering.unknown_terms == (
        UnknownTerm("level", "Sepuh"),
        UnknownTerm("delivery_mode", "Karaoke"),
    )


def test_a_variant_is_a_session_in_its_own_zone():
    offering = the_offering(a_product(variants=[a_variant(Batas_Daftar="28-05-2020 23:59 WITA")]))

    makassar = ZoneInfo("Asia/Makassar")
    (session,) = offering.sessions
    assert session.starts_at == datetime(2020, 6, 1, 9, tzinfo=makassar)
    assert session.ends_at == datetime(2020, 6, 2, 16, tzinfo=makassar)
    assert session.enrolment_ends_at == datetime(2020, 5, 28, 23, 59, tzinfo=makassar)
    assert session.starts_at.tzinfo == makassar
    assert (session.seats_left, session.capacity, session.venue) == (12, None, None)


def test_an_oversold_variant_has_no_seat_left():
    offering = the_offering(a_product(variants=[{**a_variant(), "stock": -3}]))

    assert offering.sessions[0].seats_left == 0


@pytest.mark.parametrize(
    "schedule",
    ["01-06-2020 09:00 WITA", "01-06-2020 09:00 - 02-06-2020 16:00", "besok - lusa WIB", ""],
    ids=["no-end", "no-zone", "no-date", "blank"],
)
def test_a_variant_with_an_unreadable_schedule_costs_its_product_alone(schedule):
    page = a_page(a_product(variants=[a_variant(Jadwal=schedule)]), a_product(product_id=2))

    assert [offering.key for offering in page.offerings] == ["2"]
    assert len(page.rejections) == 1
