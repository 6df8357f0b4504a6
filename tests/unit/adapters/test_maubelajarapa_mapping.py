"""How MauBelajarApa's rows become classes and sessions, and what costs only itself."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.base import Validators
from adapters.errors import PartnerContractError
from adapters.maubelajarapa.mapping import to_page
from schema.model.catalogue import UnknownTerm, Venue
from schema.model.values import DeliveryMode, EnrolmentMode, Money, PartnerCode

PARTNER = PartnerCode("maubelajarapa")
USUAL = {
    "kode_kelas": "MBA1",
    "judul": "Latte Art",
    "penyelenggara": "Kafé Belajar",
    "harga": "Rp 89.700",
    "pesan_lewat_mitra": "ya",
    "kode_sesi": "MBA1-1",
    "tanggal_mulai": "01/06/2020",
    "jam_mulai": "09:00",
    "zona": "WITA",
}


def a_file(*changes, separator=";", encoding="cp1252"):
    """Write a file of one row per change to the usual row."""
    rows = [USUAL | change for change in changes or ({},)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "\r\n".join(separator.join(cells) for cells in lines).encode(encoding)


def the_class(*changes):
    (offering,) = to_page(a_file(*changes), PARTNER).offerings
    return offering


def the_session(**change):
    (session,) = the_class(change).sessions
    return session


def test_rows_of_one_class_are_its_sessions():
    page = to_page(
        a_file({}, {"kode_sesi": "MBA1-2"}, {"kode_kelas": "MBA2", "kode_sesi": "MBA2-1"}),
        PARTNER,
    )

    found = {each.key: [session.key for session in each.sessions] for each in page.offerings}
    assert found == {"MBA1": ["MBA1-1", "MBA1-2"], "MBA2": ["MBA2-1"]}


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"tanggal_mulai": "31/06/2020"}, "not a time in the documented form"),
        ({"tanggal_mulai": "2020-06-01"}, "not a time in the documented form"),
        ({"tanggal_mulai": "", "jam_mulai": ""}, "no date"),
        ({"zona": "WIBB"}, "not a time zone"),
        ({"tanggal_selesai": "31/05/2020", "jam_selesai": "10:00"}, "ends before it starts"),
        ({"kapasitas": "-3"}, "negative"),
    ],
)
def test_a_bad_session_is_put_aside_and_its_class_stays(spoilt, reason):
    page = to_page(a_file({"kode_sesi": "MBA1-9"} | spoilt, {}), PARTNER)

    (rejection,) = page.rejections
    assert (rejection.row, rejection.key) == (1, "MBA1-9")
    assert reason in rejection.reason
    assert [session.key for session in page.offerings[0].sessions] == ["MBA1-1"]


def test_a_class_is_read_from_its_first_good_row():
    page = to_page(a_file({"harga": "Rp banyak"}, {"kode_sesi": "MBA1-2"}), PARTNER)

    (offering,) = page.offerings
    assert [session.key for session in offering.sessions] == ["MBA1-2"]
    assert [(each.row, each.key) for each in page.rejections] == [(1, "MBA1")]


def test_without_a_session_nothing_can_be_booked():
    offering = the_class({"kode_sesi": ""})

    assert offering.sessions == ()
    assert offering.enrolment_mode is EnrolmentMode.LINK


@pytest.mark.parametrize(
    ("told", "mode"),
    [
        ("ya", EnrolmentMode.DIRECT),
        ("Ya", EnrolmentMode.DIRECT),
        ("tidak", EnrolmentMode.LINK),
        ("", EnrolmentMode.LINK),
    ],
)
def test_only_a_yes_lets_us_book(told, mode):
    assert the_class({"pesan_lewat_mitra": told}).enrolment_mode is mode


@pytest.mark.parametrize(
    ("zone", "name"),
    [("WIB", "Asia/Jakarta"), ("WITA", "Asia/Makassar"), ("wit", "Asia/Jayapura")],
)
def test_times_are_local_and_keep_their_zone(zone, name):
    session = the_session(zona=zone, tutup_tanggal="29/05/2020", tutup_jam="23:59")

    assert session.starts_at == datetime(2020, 6, 1, 9, 0, tzinfo=ZoneInfo(name))
    assert session.starts_at.tzinfo == ZoneInfo(name)
    assert session.enrolment_ends_at == datetime(2020, 5, 29, 23, 59, tzinfo=ZoneInfo(name))
    assert session.ends_at is None


def test_seats_and_venue_come_from_the_row():
    session = the_session(
        kapasitas="1.250", sisa_kursi="0", tempat="Dapur", kode_wilayah="73.71", alamat=""
    )

    assert (session.capacity, session.seats_left) == (1250, 0)
    assert session.venue == Venue(name="Dapur", region_code="73.71")
    assert the_session().venue is None


@pytest.mark.parametrize(
    ("told", "price"),
    [("Rp 89.700", Money(89_700)), ("Rp1.250.000", Money(1_250_000)), ("Gratis", Money(0))],
)
def test_prices_are_rupiah_in_a_spreadsheets_spelling(told, price):
    assert the_class({"harga": told}).price == price


def test_a_method_that_is_not_told_is_a_room_and_an_unknown_one_is_kept():
    offering = the_class({"metode": "Hologram"})

    assert the_class().delivery_mode is DeliveryMode.ONSITE
    assert offering.delivery_mode is DeliveryMode.UNKNOWN
    assert offering.unknown_terms == (UnknownTerm("metode", "Hologram"),)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [";", ","])
def test_encoding_and_separator_are_found_out(encoding, separator):
    title = "Kopi – ’enak’"  # noqa: RUF001  what a spreadsheet makes of hyphens and quotes
    file = a_file({"judul": title}, separator=separator, encoding=encoding)

    (offering,) = to_page(file, PARTNER).offerings

    assert offering.listed.title == title
    assert offering.listed.institution == "Kafé Belajar"


def test_the_etag_is_kept_to_ask_with():
    assert to_page(a_file(), PARTNER, etag='"7f3a"').validators == Validators(etag='"7f3a"')
    assert to_page(a_file(), PARTNER).validators is None


def test_a_row_that_is_said_twice_counts_once():
    page = to_page(a_file({}, {}), PARTNER)

    assert [session.key for session in page.offerings[0].sessions] == ["MBA1-1"]
    assert [(each.key, each.rule) for each in page.left_out] == [("MBA1-1", "duplicate")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"MBA9;too few", "cells"),
        (b"MBA9;\x81;x;x;x;x;x;x;x", "cp1252"),
        (b";Tanpa Kode;x;x;x;x;x;x;x", "'kode_kelas' is blank"),
    ],
)
def test_a_broken_line_costs_only_itself(line, reason):
    page = to_page(a_file() + b"\r\n" + line + b"\r\n\r\n", PARTNER)

    (rejection,) = page.rejections
    assert rejection.row == 2
    assert reason in rejection.reason
    assert len(page.offerings) == 1


def test_a_cell_without_end_costs_only_its_row():
    endless = a_file() + b'\r\nMBA9;"' + b"x" * 200_000 + b'";x;x;x;x;x;x;x\r\n'

    page = to_page(endless, PARTNER)

    assert [each.key for each in page.offerings] == ["MBA1"]
    assert page.rejections[0].row == 2


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"kode_kelas;judul", b"\x00\xff"])
def test_what_is_not_the_file_breaks_the_contract(body):
    with pytest.raises(PartnerContractError):
        to_page(body, PARTNER)


def test_a_file_without_rows_is_an_empty_catalogue():
    assert to_page(a_file().partition(b"\r\n")[0], PARTNER).offerings == ()
