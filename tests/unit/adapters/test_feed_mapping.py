"""Rows become offerings; every row is accounted for, and none costs another."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.base import LeftOut, Page, PartnerSettings
from adapters.errors import PartnerContractError
from adapters.feed.mapping import build_mapping
from schema.model.catalogue import UnknownTerm, Venue
from schema.model.values import EnrolmentMode, PartnerCode

FIELDS = {"title": "judul", "institution": "lembaga", "price": "harga", "bookable": "buka"}
OPTIONS = {"format": "json", "key": "id", "fields": FIELDS}
LISTED = {"sessions": {"at": "jadwal", "key": "id", "fields": {"starts_at": "mulai"}}}
PER_ROW = {"sessions": {"key": "jadwal", "fields": {"region_code": "wilayah"}}}
DESK = {"enrolments": {"path": "/enrolments"}}
SEATS = {"enrolments": {"path": "/enrolments", "session_required": True}}


def a_row(key="K-1", **told) -> dict:
    return {"id": key, "judul": "Barista", "lembaga": "LKP Rasa Ibu", "harga": 100, **told}


def read(*rows, **options) -> Page:
    settings = PartnerSettings(PartnerCode("toko"), "file:x", options=OPTIONS | options)
    return build_mapping(settings).to_page(json.dumps(rows).encode())


def reasons(page: Page) -> list[tuple]:
    return [(row.row, row.key, row.reason) for row in page.rejections]


# --- rows that are no offering ---


def test_a_bad_row_is_kept_with_its_reason_and_costs_no_other():
    page = read(a_row("K-1"), a_row("K-2", harga="mahal"), 7, a_row("K-3", judul=" "), a_row("K-4"))

    assert [offering.key for offering in page.offerings] == ["K-1", "K-4"]
    assert reasons(page) == [
        (2, "K-2", "price: 'mahal' is not a price"),
        (3, None, "is not a JSON object"),
        (4, "K-3", "title: is empty"),
    ]
    assert json.loads(page.rejections[0].raw) == a_row("K-2", harga="mahal")


def test_a_row_without_a_key_is_rejected():
    assert reasons(read(a_row("K-1"), a_row(None))) == [(2, None, "key: is empty")]


def test_a_feed_of_which_no_row_can_be_read_breaks_the_contract():
    with pytest.raises(PartnerContractError, match="no row can be read; the first: title: is emp"):
        read(a_row("K-1", judul=""), a_row("K-2", judul=""))


def test_an_empty_list_is_an_empty_page():
    assert read() == Page()


def test_what_nests_beyond_measure_is_a_bad_row():
    deep = json.loads("[" * 900 + "]" * 900)

    assert [row.row for row in read(a_row("K-1"), a_row("K-2", judul=deep)).rejections] == [2]


@pytest.mark.parametrize(
    ("rule", "status", "is_out"),
    [
        pytest.param({"when": "tutup"}, "TUTUP", True, id="when"),
        pytest.param({"when": ["tutup", "arsip"]}, "buka", False, id="not-when"),
        pytest.param({"unless": "ok"}, "Ok", False, id="unless"),
        pytest.param({"unless": "ok"}, "", True, id="unless-says-nothing"),
        pytest.param({"unless": ["ok", ""]}, None, False, id="nothing-is-allowed"),
        pytest.param({"when": "true"}, True, True, id="flag"),
    ],
)
def test_a_named_rule_leaves_rows_out(rule, status, is_out):
    rules = [{"rule": "closed", "from": "status", **rule}]

    page = read(a_row("K-1", status=status), leave_out=rules)

    assert page.left_out == ((LeftOut("K-1", "closed"),) if is_out else ())
    assert len(page.offerings) == (not is_out)


def test_a_row_is_left_out_even_when_it_could_not_be_read():
    rules = [{"rule": "closed", "from": "status", "when": "tutup"}]

    page = read({"status": "tutup"}, leave_out=rules)

    assert page.left_out == (LeftOut("row 1", "closed"),)
    assert not page.rejections


# --- keys ---


@pytest.mark.parametrize(("keeps", "price"), [("keep_last", 300), ("keep_first", 100)])
def test_of_rows_with_one_key_one_stays_and_the_others_are_duplicates(keeps, price):
    rows = [a_row(harga=amount) for amount in (100, 200, 300)]

    page = read(*rows, duplicates=keeps)

    assert [offering.price.amount for offering in page.offerings] == [price]
    assert page.left_out == (LeftOut("K-1", "duplicate"),) * 2


def test_a_derived_key_is_stable_however_the_partner_spells():
    key = {"derived_from": ["lembaga", ["judul", "nama"]]}

    fields = {"title": ["judul", "nama"], "institution": "lembaga"}

    def id_of(row: dict) -> str:
        return read(row, key=key, fields=fields).offerings[0].id

    usual = id_of({"judul": "Barista", "lembaga": "LKP Rasa Ibu"})
    assert id_of({"judul": " BARISTA ", "lembaga": "lkp  rasa ibu"}) == usual
    assert id_of({"nama": "Barista", "lembaga": "LKP Rasa Ibu"}) == usual
    assert id_of({"judul": "Barista II", "lembaga": "LKP Rasa Ibu"}) != usual


def test_a_derived_key_wants_all_of_its_columns():
    page = read(a_row(judul=""), a_row(), key={"derived_from": ["lembaga", ["judul", "nama"]]})

    assert reasons(page) == [(1, None, "key: judul or nama is empty")]


def test_a_key_is_short_and_printable():
    page = read(a_row("K-1"), a_row("x" * 201), a_row("a\nb"), a_row({"a": 1}))

    assert [row.row for row in page.rejections] == [2, 3, 4]


# --- sessions ---


def test_a_bad_session_in_a_list_costs_only_itself():
    row = a_row(
        jadwal=[
            {"id": "S-1", "mulai": "2020-06-01T09:00"},
            {"id": "S-2", "mulai": "besok"},
            {"mulai": "2020-06-01T09:00"},
            "S-4",
            {"id": "S-5"},
            {"id": "S-5"},
        ]
    )

    page = read(row, **LISTED)

    assert [session.key for session in page.offerings[0].sessions] == ["S-1", "S-5"]
    assert page.left_out == (LeftOut("S-5", "duplicate"),)
    assert [(row, key, reason.split(":")[0]) for row, key, reason in reasons(page)] == [
        (1, "K-1", "starts_at"),
        (1, "K-1", "session"),
        (1, "K-1", "session"),
    ]


def test_one_session_may_stand_for_a_list():
    page = read(a_row(jadwal={"id": "S-1"}), a_row("K-2", jadwal=None), **LISTED)

    assert [len(offering.sessions) for offering in page.offerings] == [1, 0]


def test_a_session_that_ends_before_it_starts_is_bad():
    fields = {"starts_at": "mulai", "ends_at": "selesai"}
    row = {"id": "S-1", "mulai": "2020-06-02T09:00", "selesai": "2020-06-01T09:00"}

    page = read(a_row(jadwal=[row]), sessions={**LISTED["sessions"], "fields": fields})

    assert reasons(page) == [(1, "K-1", "session S-1: ends_at is before starts_at")]


def test_rows_that_share_a_key_are_sessions_of_one_offering():
    page = read(
        a_row("K-1", jadwal="S-1", wilayah="3171"),
        a_row("K-2", jadwal="S-2", wilayah="Jakarta"),
        a_row("K-1", jadwal="S-3", wilayah="Bandung"),
        a_row("K-3", jadwal=""),
        **PER_ROW,
    )

    first, second, third = page.offerings
    assert [session.key for session in first.sessions] == ["S-1", "S-3"]
    assert first.sessions[0].venue == Venue(region_code="31.71")
    assert first.unknown_terms == (UnknownTerm("region_code", "Bandung"),)
    assert second.unknown_terms == (UnknownTerm("region_code", "Jakarta"),)
    assert third.sessions == ()


def test_a_row_that_adds_no_session_is_a_duplicate():
    page = read(a_row(jadwal="S-1"), a_row(jadwal="S-1"), a_row(jadwal=""), **PER_ROW)

    assert page.left_out == (LeftOut("K-1", "duplicate"),) * 2


def test_a_session_belongs_to_one_offering():
    page = read(a_row("K-1", jadwal="S-1"), a_row("K-2", jadwal="S-1"), **PER_ROW)

    assert [len(offering.sessions) for offering in page.offerings] == [1, 0]
    assert page.left_out == (LeftOut("S-1", "duplicate"),)


# --- where it is booked ---


@pytest.mark.parametrize(
    ("options", "row", "mode"),
    [
        pytest.param({}, a_row(), EnrolmentMode.LINK, id="no-desk"),
        pytest.param({}, a_row(buka="ya"), EnrolmentMode.LINK, id="no-desk-whatever-they-say"),
        pytest.param(DESK, a_row(), EnrolmentMode.DIRECT, id="desk"),
        pytest.param(DESK, a_row(buka="ya"), EnrolmentMode.DIRECT, id="bookable"),
        pytest.param(DESK, a_row(buka="tidak"), EnrolmentMode.LINK, id="not-bookable"),
        pytest.param(SEATS | PER_ROW, a_row(jadwal="S-1"), EnrolmentMode.DIRECT, id="a-seat"),
        pytest.param(SEATS | PER_ROW, a_row(), EnrolmentMode.LINK, id="no-session-no-seat"),
    ],
)
def test_an_offering_is_booked_here_when_there_is_a_desk_for_it(options, row, mode):
    assert read(row, **options).offerings[0].enrolment_mode is mode


# --- whatever comes ---

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)
some_rows = st.lists(
    st.one_of(
        anything,
        st.fixed_dictionaries(
            {"id": st.sampled_from(["K-1", "K-2", "", None, 3])},
            optional={
                "judul": st.one_of(st.just("Barista"), anything),
                "lembaga": st.one_of(st.just("LKP"), anything),
                "harga": st.one_of(st.just("Rp 5.000"), anything),
                "status": st.sampled_from(["ok", "tutup"]),
            },
        ),
    ),
    max_size=12,
)


@given(some_rows)
def test_every_row_is_an_offering_left_out_or_rejected(rows):
    rules = [{"rule": "closed", "from": "status", "when": "tutup"}]
    good = a_row("good")

    page = read(good, *rows, leave_out=rules)

    count = len(page.offerings) + len(page.left_out) + len(page.rejections)
    assert count == len(rows) + 1
    assert page.offerings[0].key == "good"
    assert len({offering.key for offering in page.offerings}) == len(page.offerings)
