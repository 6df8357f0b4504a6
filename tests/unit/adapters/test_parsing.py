"""From rows to pages: one bad row never costs the rest, and none is lost silently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import PartnerContractError
from adapters.parsing import (
    RowError,
    Vocabulary,
    category,
    clean_text,
    clean_title,
    optional_text,
    page,
    plain_text,
    records,
    remote_id,
    text,
    title,
    to_raw,
    to_url,
)
from schema.model.catalogue import Category, ListedCourse, Offering, UnknownTerm
from schema.model.values import CourseLevel, PartnerCode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def to_offering(row) -> Offering:
    listed = ListedCourse(title(row, "title"), title(row["by"], "name"))
    return Offering(PartnerCode("p"), remote_id(row, "id"), listed)


def a_row(key="A", **told):
    return {"id": key, "title": "Barista", "by": {"name": "LKP"}} | told


# --- pages ---------------------------------------------------------------------------


def test_rows_become_offerings():
    found = page([a_row("A"), a_row("B")], to_offering, next_cursor="2", total=9)

    assert [offering.key for offering in found.offerings] == ["A", "B"]
    assert (found.rejections, found.next_cursor, found.total) == ((), "2", 9)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param({"id": "X", "by": {"name": "n"}}, "lacks 'title'", id="missing"),
        pytest.param(a_row("X", title=" "), "'title' is blank", id="blank"),
        pytest.param(a_row("X", title=7.5), "'title' must be text, not 7.5", id="type"),
        pytest.param(a_row("X", by="LKP"), "is not as documented (TypeError", id="shape"),
        pytest.param(a_row("X", by=[]), "is not as documented (TypeError", id="list"),
        pytest.param(7, "is not an object", id="number"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason(bad, reason):
    found = page([a_row("A"), bad, a_row("B")], to_offering)

    assert [offering.key for offering in found.offerings] == ["A", "B"]
    [rejection] = found.rejections
    assert rejection.row == 2
    assert rejection.reason.startswith(reason)
    assert rejection.key == ("X" if isinstance(bad, dict) else None)
    assert rejection.raw == to_raw(bad)


def test_a_row_that_a_rule_keeps_out_is_named():
    found = page(
        [a_row("A"), a_row("B")], to_offering, leave_out=lambda row: {"B": "old"}.get(row["id"])
    )

    assert len(found.offerings) == 1
    assert [(each.key, each.rule) for each in found.left_out] == [("B", "old")]


def test_of_rows_with_one_key_the_last_counts_and_the_first_is_told():
    found = page([a_row("A", title="Old"), a_row("A", title="New")], to_offering)

    assert [offering.listed.title for offering in found.offerings] == ["New"]
    assert [(each.key, each.rule) for each in found.left_out] == [("A", "duplicate")]


@given(st.lists(JSON, max_size=8))
def test_every_row_is_accounted_for(rows):
    found = page(rows, to_offering)

    assert len(found.offerings) + len(found.rejections) + len(found.left_out) == len(rows)


@given(JSON)
def test_raw_is_bounded_and_can_be_stored(row):
    raw = to_raw(row)

    assert 0 < len(raw) <= 2_000
    raw.encode()


def test_records_stand_at_a_path():
    assert records({"data": {"items": [{}]}}, "data.items", partner="p") == [{}]
    assert records([], "", partner="p") == []


@pytest.mark.parametrize(
    "body", [{}, [], 7, None, "x", {"data": None}, {"data": {}}, {"data": [7]}]
)
def test_without_a_list_of_objects_the_contract_is_broken(body):
    with pytest.raises(PartnerContractError, match="its "):
        records(body, "data", partner="p")


# --- text ----------------------------------------------------------------------------


def test_a_title_is_one_line_without_tricks():
    assert clean_title("  Desain\n\tGrafis\u202e \x1b[31m\u0000 ") == "Desain Grafis [31m"


@given(st.text(max_size=400))
def test_a_title_is_short_printable_and_stays_as_it_is(value):
    found = clean_title(value)

    assert len(found) <= 300
    assert not set(found) & set("\n\r\t\x00\x1b\u202a\u202e\u2066\ufeff")
    assert clean_title(found) == found


@given(st.text(max_size=400))
def test_a_text_keeps_its_lines_and_can_be_stored(value):
    found = clean_text(value)

    assert "\x00" not in found
    found.encode()


def test_long_texts_are_cut():
    assert len(clean_title("a" * 10_000)) == 300
    assert len(clean_text("a" * 1_000_000)) == 100_000


def test_numbers_may_stand_for_text():
    assert text({"id": 7}, "id") == "7"
    assert optional_text({"id": None}, "id") is None
    assert optional_text({}, "id") is None


@pytest.mark.parametrize("value", [True, 7.0, None, [], {}, " "])
def test_what_is_no_text_costs_the_row(value):
    with pytest.raises(RowError):
        text({"a": value}, "a")


def test_an_id_is_bounded():
    assert remote_id({"id": 17}, "id") == "17"
    with pytest.raises(RowError):
        remote_id({"id": "x" * 201}, "id")
    with pytest.raises(RowError):
        remote_id({"id": "a\nb"}, "id")


def test_html_becomes_what_a_reader_sees():
    html = "<p>Halo<br>dunia &amp; <b>kopi</b></p><script>alert(1)</script><li>satu</li>&nbsp;dua"

    assert plain_text(html) == "Halo\ndunia & kopi\nsatu\ndua"


@pytest.mark.parametrize("good", ["https://a.test/x?y=1#z", "http://a.test", " https://a.test/ "])
def test_web_addresses_are_kept(good):
    assert to_url(good) == good.strip()


@pytest.mark.parametrize(
    "bad",
    [
        None, "", 7, "javascript:alert(1)", "//a.test", "/x", "ftp://a.test", "https://",
        "https://u:p@a.test",
        "https://a.test/<script>", "https://a.test/a b", "https://[::1",
        "https://a.test/" + "x" * 2_000,
        "data:text/html,x", "https://a.test/\u202e",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_not_told(bad):
    assert to_url(bad) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Teknologi Informasi", "teknologi-informasi"),
        ("  Gaya   hidup ", "gaya-hidup"),
        ("Penjualan & Pemasaran", "penjualan-pemasaran"),
    ],
)
def test_a_category_has_a_code(name, code):
    assert category(name) == Category(code, " ".join(name.split()))


@pytest.mark.parametrize("name", [None, "", "  ", "---", 7])
def test_no_category_is_none(name):
    assert category(name) is None


# --- vocabulary ----------------------------------------------------------------------

LEVELS = Vocabulary({"Pemula": CourseLevel.BEGINNER}, unknown=CourseLevel.UNKNOWN)


@pytest.mark.parametrize(
    ("raw", "level", "terms"),
    [
        ("Pemula", CourseLevel.BEGINNER, []),
        (" PEMULA ", CourseLevel.BEGINNER, []),
        (None, CourseLevel.UNKNOWN, []),
        ("", CourseLevel.UNKNOWN, []),
        ("Sedang", CourseLevel.UNKNOWN, [UnknownTerm("level", "Sedang")]),
        (7, CourseLevel.UNKNOWN, [UnknownTerm("level", "7")]),
    ],
)
def test_a_word_is_understood_or_kept_as_unknown(raw, level, terms):
    found: list[UnknownTerm] = []

    assert LEVELS.read("level", raw, found) is level
    assert found == terms
