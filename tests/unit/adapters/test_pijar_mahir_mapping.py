"""How Pijar Mahir's courses become offerings, whatever their editors typed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.errors import PartnerContractError
from adapters.pijar_mahir.mapping import to_category, to_institution, to_page
from adapters.pijar_mahir.template import lines_under
from schema.model.catalogue import Category, UnknownTerm, Venue
from schema.model.values import CourseLevel, DeliveryMode, EnrolmentMode, Money, PartnerCode

PARTNER = PartnerCode("pijar_mahir")
JAKARTA = ZoneInfo("Asia/Jakarta")
SCHEDULE = {"id": "1-1", "start": "2020-06-01 19:00:00", "timezone": "WIB"}


def a_course(**told):
    return {
        "id": 1,
        "fullname": "Meracik Kopi",
        "teacher": "Rumah Kopi",
        "price": 500000,
        "classStatus": "available",
    } | told


def a_page(*rows, number=1):
    return to_page({"status": "success", "data": list(rows)}, PARTNER, page_number=number)


def the_offering(**told):
    (offering,) = a_page(a_course(**told)).offerings
    return offering


def test_the_walk_goes_on_until_a_page_is_empty():
    assert a_page(a_course(), number=1).next_cursor == "2"
    assert a_page(a_course(classStatus="closed"), number=2).next_cursor == "3"
    assert a_page(number=3).next_cursor is None


@pytest.mark.parametrize("identity", [1043, "1043"])
def test_an_id_may_be_a_number_or_text(identity):
    assert the_offering(id=identity).key == "1043"


@pytest.mark.parametrize(
    ("teacher", "name"),
    [
        ("Vokraf .", "Vokraf"),
        ("Cakap -", "Cakap"),
        ("Cakap - .", "Cakap"),
        ("PT Maju Tbk.", "PT Maju Tbk."),
        ("Karya - Nusantara", "Karya - Nusantara"),
        (".", "."),
    ],
)
def test_filler_behind_a_name_is_no_part_of_it(teacher, name):
    assert to_institution(teacher) == name


@pytest.mark.parametrize(
    ("told", "category"),
    [
        ("kartu-prakerja", Category("kartu-prakerja", "Kartu Prakerja")),
        ("Kartu Prakerja", Category("kartu-prakerja", "Kartu Prakerja")),
        ("makanan-dan-minuman", Category("makanan-dan-minuman", "Makanan dan Minuman")),
        ("teknik", Category("teknik", "Teknik")),
        ("UMKM", Category("umkm", "UMKM")),
        (None, None),
    ],
)
def test_a_category_is_the_same_by_name_and_by_slug(told, category):
    assert to_category(told) == category


@pytest.mark.parametrize(
    ("told", "minutes"),
    [("365 menit", 365), ("645 Menit", 645), ("4 Jam", 240), ("1 jam 30 menit", 90), ("", None)],
)
def test_durations_are_typed_by_hand(told, minutes):
    assert the_offering(duration=told).listed.duration_minutes == minutes


def test_the_price_after_a_discount_is_the_price():
    discounted = the_offering(price=500000, priceAfter=350000)
    plain = the_offering(price=500000, priceAfter=None)

    assert (discounted.price, discounted.list_price) == (Money(350_000), Money(500_000))
    assert (plain.price, plain.list_price) == (Money(500_000), None)


@pytest.mark.parametrize(
    ("told", "mode"),
    [("true", EnrolmentMode.DIRECT), ("false", EnrolmentMode.LINK), (None, EnrolmentMode.LINK)],
)
def test_booleans_are_words(told, mode):
    assert the_offering(partnerCheckout=told).enrolment_mode is mode


def test_what_is_not_available_stays_out():
    page = a_page(a_course(classStatus="closed"), a_course(id=2))

    assert [offering.key for offering in page.offerings] == ["2"]
    assert [(each.key, each.rule) for each in page.left_out] == [("1", "not available")]


def test_zero_dates_are_no_dates():
    (session,) = the_offering(
        schedules=[SCHEDULE | {"end": "0000-00-00 00:00:00", "registration_end": None}]
    ).sessions

    assert session.starts_at == datetime(2020, 6, 1, 19, 0, tzinfo=JAKARTA)
    assert session.ends_at is None
    assert session.enrolment_ends_at is None


def test_schedules_have_seats_and_perhaps_a_place():
    online, onsite = the_offering(
        schedules=[
            SCHEDULE | {"quota": "500", "available": "12", "place": "", "timezone": ""},
            SCHEDULE | {"id": "1-2", "timezone": "WIT", "place": "Aula", "region": "Kota Ambon"},
        ]
    ).sessions

    assert (online.capacity, online.seats_left, online.venue) == (500, 12, None)
    assert online.starts_at.tzinfo == JAKARTA
    assert (onsite.capacity, onsite.seats_left) == (None, None)
    assert onsite.venue == Venue(name="Aula", region_name="Kota Ambon")
    assert onsite.starts_at.tzinfo == ZoneInfo("Asia/Jayapura")


TEMPLATE = """
<p></p><p><span><b>Deskripsi Pelatihan<br></b></span></p><p>Meracik kopi.&nbsp;<br></p>
<p>Sampai cangkir &amp; gelas.</p><p><br></p>
<p><span><span><b>Tujuan Umum Pelatihan</b><br></span></span></p><p>Bisa menyeduh.</p>
<p><span><br><b>Level Pelatihan</b></span></p><p><span>Basic / Tingkat dasar</span></p>
<p>Siapa saja boleh ikut.</p><p><b>Metode Evaluasi</b></p><p>1. Pre Test<br></p>
"""


def test_summary_and_level_stand_in_the_template():
    listed = the_offering(summary=TEMPLATE).listed

    assert listed.summary == "Meracik kopi. Sampai cangkir & gelas."
    assert listed.level is CourseLevel.BEGINNER
    assert listed.description_html == TEMPLATE.strip()


def test_a_level_that_we_do_not_know_is_kept():
    offering = the_offering(summary="<b>Level</b><br>Sepuh", coursetype="Hologram")

    assert offering.listed.level is CourseLevel.UNKNOWN
    assert offering.delivery_mode is DeliveryMode.UNKNOWN
    assert set(offering.unknown_terms) == {
        UnknownTerm("level", "Sepuh"),
        UnknownTerm("coursetype", "Hologram"),
    }


@pytest.mark.parametrize("html", ["", "<p>Tanpa judul.</p>", "<p><b>Deskripsi</b></p>", "<b>"])
def test_without_the_template_there_is_no_summary(html):
    listed = the_offering(summary=html).listed

    assert listed.summary is None
    assert listed.level is CourseLevel.UNKNOWN


def test_a_sentence_is_no_heading():
    html = "<p><b>Deskripsi</b></p><p>Level dasar sampai mahir. Metode praktik.</p><p>Seru.</p>"

    assert lines_under(html, "Deskripsi") == ["Level dasar sampai mahir. Metode praktik.", "Seru."]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"id": None},
        {"fullname": " "},
        {"teacher": None},
        {"price": "banyak"},
        {"duration": "sampai bisa"},
        {"schedules": [{"id": "1-1", "start": "besok"}]},
        {"schedules": 7},
    ],
)
def test_a_bad_row_costs_only_itself(spoilt):
    page = a_page(a_course(**spoilt), a_course(id=2))

    assert [offering.key for offering in page.offerings] == ["2"]
    assert [rejection.row for rejection in page.rejections] == [1]


@pytest.mark.parametrize(
    "body", [{}, [], None, {"data": None}, {"status": "error", "data": None}, {"data": [7]}]
)
def test_an_answer_without_courses_breaks_the_contract(body):
    with pytest.raises(PartnerContractError):
        to_page(body, PARTNER, page_number=1)
