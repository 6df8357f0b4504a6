"""How Sisnaker's XML becomes offerings, and which XML is not even read."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.base import Booking
from adapters.errors import PartnerContractError
from adapters.sisnaker.bookings import to_body, to_fields
from adapters.sisnaker.documents import DocumentError, read_document, to_record
from adapters.sisnaker.mapping import to_page, to_region_code
from schema.model.catalogue import UnknownTerm, Venue
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

PARTNER = PartnerCode("sisnaker")
NAMESPACES = 'xmlns="urn:sisnaker:pelatihan:2" xmlns:w="urn:sisnaker:wilayah:1"'
SCHEDULE = """
<jadwal id="S-1" zona="WITA"><mulai>2020-06-01T08:00:00</mulai><selesai/>
<kuota>16</kuota><sisa>3</sisa>
<w:tempat kode="7371"><w:nama>Workshop Las</w:nama><w:alamat/></w:tempat></jadwal>
"""


def a_training(inside="", key="PLT-1", title="Las", cost="<biaya>0</biaya>"):
    return (
        f'<pelatihan id="{key}"><judul>{title}</judul><balai>BLK Makassar</balai>{cost}{inside}'
        "</pelatihan>"
    )


def a_list(*trainings, counts='page="1" pages="1" total="1"'):
    return f"<daftarPelatihan {NAMESPACES} {counts}>{''.join(trainings)}</daftarPelatihan>".encode()


def the_offering(inside="", **told):
    (offering,) = to_page(a_list(a_training(inside, **told)), PARTNER, page_number=1).offerings
    return offering


def test_the_root_says_how_the_walk_goes_on():
    counts = 'page="{}" pages="2" total="51"'

    first = to_page(a_list(a_training(), counts=counts.format(1)), PARTNER, page_number=1)
    last = to_page(a_list(a_training(), counts=counts.format(2)), PARTNER, page_number=2)

    assert (first.next_cursor, first.total) == ("2", 51)
    assert (last.next_cursor, last.total) == (None, 51)


@pytest.mark.parametrize(
    ("code", "mode"),
    [
        ("1", DeliveryMode.ONSITE),
        ("2", DeliveryMode.LIVE_ONLINE),
        ("3", DeliveryMode.SELF_PACED),
        ("4", DeliveryMode.BLENDED),
        ("0", DeliveryMode.UNKNOWN),
    ],
)
def test_the_mode_is_a_number(code, mode):
    offering = the_offering(f"<metode>{code}</metode>")

    assert offering.delivery_mode is mode
    assert offering.unknown_terms == ()


def test_a_code_that_we_do_not_know_is_kept():
    offering = the_offering("<metode>12</metode><jenjang>7</jenjang>")

    assert offering.delivery_mode is DeliveryMode.UNKNOWN
    assert offering.listed.level is CourseLevel.UNKNOWN
    assert set(offering.unknown_terms) == {UnknownTerm("metode", "12"), UnknownTerm("jenjang", "7")}


@pytest.mark.parametrize(
    ("code", "mode"),
    [("1", EnrolmentMode.DIRECT), ("2", EnrolmentMode.LINK), ("", EnrolmentMode.LINK)],
)
def test_only_a_1_lets_us_book(code, mode):
    assert the_offering(f"<pendaftaran>{code}</pendaftaran>").enrolment_mode is mode


def test_schedules_have_local_times_a_quota_and_a_place():
    (session,) = the_offering(SCHEDULE).sessions

    assert session.starts_at == datetime(2020, 6, 1, 8, tzinfo=ZoneInfo("Asia/Makassar"))
    assert session.starts_at.tzinfo == ZoneInfo("Asia/Makassar")
    assert (session.ends_at, session.capacity, session.seats_left) == (None, 16, 3)
    assert session.venue == Venue(name="Workshop Las", region_code="73.71")


def test_a_place_may_be_no_more_than_its_region():
    inside = '<jadwal id="S-1" zona="WIB"><mulai>2020-06-01T08:00:00</mulai>{}</jadwal>'

    (region,) = the_offering(inside.format('<w:tempat kode="7371"/>')).sessions
    (nowhere,) = the_offering(inside.format('<w:tempat kode=""/>')).sessions

    assert region.venue == Venue(region_code="73.71")
    assert nowhere.venue is None


@pytest.mark.parametrize(
    ("digits", "code"),
    [
        ("73", "73"),
        ("7371", "73.71"),
        ("737101", "73.71.01"),
        ("7371012001", "73.71.01.2001"),
        ("73.71", "73.71"),
        ("X", "X"),
        (None, None),
    ],
)
def test_region_codes_get_their_dots_back(digits, code):
    assert to_region_code(digits) == code


def test_prices_may_have_been_higher():
    offering = the_offering(cost='<biaya mataUang="IDR" semula="750000">500000</biaya>')

    assert (offering.price, offering.list_price) == (Money(500_000), Money(750_000))
    assert the_offering(cost="<biaya/>").price is None


def test_names_count_with_their_namespace_and_prefixes_do_not():
    body = f"""<a:daftarPelatihan xmlns:a="urn:sisnaker:pelatihan:2" page="1" pages="1" total="1">
    {a_training(key="stranger").replace("<pelatihan", '<pelatihan xmlns="urn:lain"')}
    <a:pelatihan id="PLT-1"><judul>Bukan</judul><a:judul>Las</a:judul><a:balai>BLK</a:balai>
    </a:pelatihan></a:daftarPelatihan>""".encode()

    page = to_page(body, PARTNER, page_number=1)

    assert [(each.key, each.listed.title) for each in page.offerings] == [("PLT-1", "Las")]
    assert page.rejections == ()


@pytest.mark.parametrize(
    "spoilt",
    [
        a_training(key=""),
        a_training(title=""),
        a_training(cost="<biaya>-1</biaya>"),
        a_training(cost='<biaya mataUang="XXX">1</biaya>'),
        a_training("<durasi>sebulan</durasi>"),
        a_training(SCHEDULE.replace("WITA", "")),
        a_training(SCHEDULE.replace("2020-06-01T08", "besok")),
    ],
)
def test_a_bad_training_costs_only_itself(spoilt):
    page = to_page(a_list(spoilt, a_training(key="PLT-2")), PARTNER, page_number=1)

    assert [offering.key for offering in page.offerings] == ["PLT-2"]
    assert [rejection.row for rejection in page.rejections] == [1]


BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>
<daftarPelatihan xmlns="urn:sisnaker:pelatihan:2" page="1" pages="1" total="0">&b;</daftarPelatihan>
"""
FILE_READER = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<daftarPelatihan xmlns="urn:sisnaker:pelatihan:2" page="1" pages="1" total="0">&x;</daftarPelatihan>
"""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"data": []}', id="json"),
        pytest.param(b"<html><p>Maintenance</html>", id="html"),
        pytest.param(b'<?xml version="1.0" encoding="x-none"?><a/>', id="unheard-of-encoding"),
        pytest.param(a_list()[:-3], id="cut-off"),
        pytest.param(a_list().replace(b"pelatihan:2", b"pelatihan:3"), id="other-namespace"),
        pytest.param(a_list(counts=""), id="no-counts"),
        pytest.param(a_list(counts='page="1" pages="x" total="1"'), id="words-for-counts"),
        pytest.param(a_list(counts='page="2" pages="2" total="1"'), id="another-page"),
        pytest.param(b"<!DOCTYPE d>" + a_list(), id="document-type"),
        pytest.param(BILLION_LAUGHS, id="billion-laughs"),
        pytest.param(FILE_READER, id="file-reader"),
    ],
)
def test_what_is_not_the_list_breaks_the_contract(body):
    with pytest.raises(PartnerContractError):
        to_page(body, PARTNER, page_number=1)


def test_endless_nesting_is_harmless():
    deep = f"<{'a><' * 5_000}a/>{'</a>' * 5_000}"

    assert the_offering(deep).key == "PLT-1"


def test_a_booking_is_written_in_the_partners_namespace():
    booking = Booking(
        Reference('ref <1> & "2"'), RemoteId("PLT-1"), None, LearnerId("l-1"), Money(89_700)
    )

    fields = to_record(read_document(to_body(booking), "pendaftaran"))

    assert fields == {
        "reference": 'ref <1> & "2"',
        "offering": "PLT-1",
        "learner": "l-1",
        "price": "89700",
        "price@currency": "IDR",
    }


@pytest.mark.parametrize("body", [b"", b"{}", b"<tandaTerima/>", BILLION_LAUGHS])
def test_what_is_no_receipt_is_not_read_as_one(body):
    with pytest.raises(DocumentError):
        to_fields(body)
