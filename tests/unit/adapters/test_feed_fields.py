"""What a field's source and parameters make of the partner's spelling."""

from datetime import UTC, datetime

import pytest

from adapters.feed.options import Options
from adapters.feed.prices import build_prices, percent
from adapters.feed.readers import Limit, build_field
from adapters.parsing import RowError
from schema.model.catalogue import Category, UnknownTerm
from schema.model.values import CourseLevel, DeliveryMode, Money


def told(name: str, source: dict | str | list, row: dict, empty: set[str] = frozenset()):
    """Return what field `name` makes of `row`."""
    value, _terms = told_with_terms(name, source, row, empty)
    return value


def told_with_terms(name, source, row, empty=frozenset()):
    options = Options("options", {name: source}).source(name)
    terms: list[UnknownTerm] = []
    return build_field(name, options, frozenset(empty))(row, terms), terms


def prices(row: dict, price, list_price=None):
    options = Options("options", {"price": price, "list_price": list_price})
    terms: list[UnknownTerm] = []
    read = build_prices(options.source("price"), options.source("list_price"), frozenset())
    now, before = read(row, terms)
    return now, before, terms


# --- sources ---


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("judul", "Barista", id="column"),
        pytest.param("lembaga.nama", "LKP Rasa Ibu", id="dotted-path"),
        pytest.param("Harga (Rp.)", "Rp 5", id="column-with-a-dot"),
        pytest.param("foto.1.url", "b.jpg", id="number-in-a-list"),
        pytest.param("harga", "350000", id="xml-text-with-attributes"),
        pytest.param(["nama", "kosong", "strip", "judul"], "Barista", id="first-not-empty"),
        pytest.param({"constant": "Bank Kita"}, "Bank Kita", id="constant"),
        pytest.param({"template": "{judul} ({lembaga.nama})"}, "Barista (LKP Rasa Ibu)", id="both"),
        pytest.param({"template": "{judul} {strip}"}, None, id="half-a-template"),
        pytest.param("nama", None, id="missing"),
        pytest.param("judul.nama", None, id="path-into-a-text"),
        pytest.param("foto.9.url", None, id="beyond-the-list"),
        pytest.param("kosong", None, id="blank"),
        pytest.param("strip", None, id="word-for-nothing"),
    ],
)
def test_a_field_is_taken_from_the_source_that_it_names(source, expected):
    row = {
        "judul": " Barista ",
        "lembaga": {"nama": "LKP Rasa Ibu"},
        "Harga (Rp.)": "Rp 5",
        "foto": [{"url": "a.jpg"}, {"url": "b.jpg"}],
        "harga": {"@mata_uang": "IDR", "#text": "350000"},
        "kosong": " ",
        "strip": "-",
    }

    assert told("title", source, row, {"-"}) == expected


# --- fields ---


@pytest.mark.parametrize(
    ("name", "source", "value", "expected"),
    [
        ("title", {}, " Roti\n & Kue\x00 ", "Roti & Kue"),
        ("title", {}, 2020, "2020"),
        ("summary", {}, "a <b>\nc", "a <b>\nc"),
        ("summary", {"html": True}, "<p>a</p><script>x</script>b", "a\nb"),
        ("description_html", {}, "<p>a</p>", "<p>a</p>"),
        ("category", {}, "Gaya  hidup", Category("gaya-hidup", "Gaya hidup")),
        ("category", {"words": {"it": "Teknologi Informasi"}}, "IT",
         Category("teknologi-informasi", "Teknologi Informasi")),
        ("languages", {}, "id, en", ("id", "en")),
        ("languages", {"split": "/", "words": {"Inggris": "en"}}, "INGGRIS/ja", ("en", "ja")),
        ("languages", {}, ["id", "jv"], ("id", "jv")),
        ("duration_minutes", {}, "1 jam 30 menit", 90),
        ("duration_minutes", {}, "45", 45),
        ("duration_minutes", {"unit": "hours"}, "1,5", 90),
        ("duration_minutes", {"unit": "days"}, 2, 2_880),
        ("duration_minutes", {"unit": "hours"}, "45 menit", 45),
        ("rating", {}, "4,7", 4.7),
        ("rating_count", {}, "1.250", 1_250),
        ("url", {}, "https://x.test/a?b=1&c=2", "https://x.test/a?b=1&c=2"),
        ("url", {}, "www.x.test", None),
        ("url", {"scheme": "https"}, "www.x.test/a", "https://www.x.test/a"),
        ("url", {"scheme": "https"}, "http://x.test", "http://x.test"),
        ("url", {"scheme": "https"}, "javascript:alert(1)", None),
        ("url", {"scheme": "https"}, "img/logo.svg", None),
        ("url", {}, "file:///etc/passwd", None),
        ("bookable", {}, "ya", True),
        ("bookable", {}, False, False),
        ("bookable", {"true": "Dibuka", "false": ["Penuh", "Tutup"]}, "tutup", False),
        ("bookable", {"true": "Dibuka"}, "DIBUKA", True),
        ("region_code", {}, "7371", "73.71"),
        ("region_code", {}, "73.71.01", "73.71.01"),
        ("region_code", {}, 73, "73"),
        ("capacity", {}, "20", Limit(20)),
        ("capacity", {"unlimited": ["Unlimited", "999980"]}, 999_980, Limit(None, unlimited=True)),
        ("seats_left", {}, 0, 0),
    ],
)  # fmt: skip
def test_each_kind_of_field_is_read_as_what_it_is(name, source, value, expected):
    assert told(name, {"from": "x", **source}, {"x": value}) == expected


@pytest.mark.parametrize(
    ("name", "source", "value", "reason"),
    [
        ("title", {}, "\u200b\u202e", "title: is blank"),
        ("title", {}, {"id": "Barista"}, "title: is not one value; name what is inside it"),
        ("duration_minutes", {}, "sebentar", "duration_minutes: 'sebentar' is not a duration"),
        ("rating", {}, "47", "rating: '47' is not a rating from 0 to 5"),
        ("rating_count", {}, -1, "rating_count: -1 cannot be negative"),
        ("capacity", {}, "banyak", "capacity: 'banyak' is not a number"),
        ("bookable", {"true": "Dibuka"}, "Segera", "bookable: 'Segera' is neither yes nor no"),
        ("starts_at", {}, "besok", "starts_at: 'besok' is not a time in the documented form"),
        ("starts_at", {}, "9999-12-31T00:00", "starts_at: '9999-12-31T00:00' is not a time of"),
    ],
)
def test_what_makes_no_sense_names_its_field(name, source, value, reason):
    with pytest.raises(RowError) as rejected:
        told(name, {"from": "x", **source}, {"x": value})

    assert str(rejected.value).startswith(reason)


# --- vocabularies ---


def test_words_are_compared_without_case_accents_and_surplus_spaces():
    words = {"Kelas  Tatap Muka": "ONSITE"}

    assert told("delivery_mode", {"from": "x", "words": words}, {"x": "KELAS tatap múka"}) is (
        DeliveryMode.ONSITE
    )


def test_our_own_words_need_no_translation():
    assert told("level", "x", {"x": "beginner"}) is CourseLevel.BEGINNER


@pytest.mark.parametrize("name", ["delivery_mode", "level", "region_code"])
def test_an_unknown_word_is_kept_and_counted(name):
    value, terms = told_with_terms(name, "x", {"x": "Kilat"})

    assert value in (DeliveryMode.UNKNOWN, CourseLevel.UNKNOWN, None)
    assert terms == [UnknownTerm(name, "Kilat")]


# --- times ---


@pytest.mark.parametrize(
    ("source", "row", "expected", "zone"),
    [
        pytest.param(
            {"from": "a", "format": "%d/%m/%Y %H:%M"}, {"a": "01/06/2020 09:00"},
            datetime(2020, 6, 1, 2, 0, tzinfo=UTC), "Asia/Jakarta", id="default-zone",
        ),
        pytest.param(
            {"from": "a", "format": "%d/%m/%Y", "zone": "WIT"}, {"a": "01/06/2020"},
            datetime(2020, 5, 31, 15, 0, tzinfo=UTC), "Asia/Jayapura", id="zone",
        ),
        pytest.param(
            {"from": "a", "format": "%d/%m/%Y %H:%M", "zone_from": "z"},
            {"a": "01/06/2020 09:00", "z": "WITA"},
            datetime(2020, 6, 1, 1, 0, tzinfo=UTC), "Asia/Makassar", id="zone-column",
        ),
        pytest.param(
            {"from": "a", "zone_from": "z"}, {"a": "2020-06-01T09:00:00+09:00", "z": ""},
            datetime(2020, 6, 1, 0, 0, tzinfo=UTC), "Asia/Jakarta", id="iso-with-offset",
        ),
        pytest.param(
            {"template": "{a} {b}", "format": ["%d/%m/%Y %H.%M", "%d/%m/%Y %H:%M"]},
            {"a": "01/06/2020", "b": "09:00"},
            datetime(2020, 6, 1, 2, 0, tzinfo=UTC), "Asia/Jakarta", id="two-columns-two-formats",
        ),
    ],
)  # fmt: skip
def test_times_keep_their_zone(source, row, expected, zone):
    found = told("starts_at", source, row)

    assert found == expected
    assert found.tzinfo.key == zone


def test_a_zero_date_is_no_date():
    assert told("starts_at", "x", {"x": "0000-00-00 00:00:00"}) is None


# --- prices ---


@pytest.mark.parametrize(
    ("price", "value", "expected"),
    [
        ("x", "Rp 89.700", Money(89_700)),
        ("x", "GRATIS", Money(0)),
        ("x", 350_000, Money(350_000)),
        ("x", "", None),
        ({"from": "x", "free": "tanpa biaya"}, "Tanpa Biaya", Money(0)),
        ({"from": "x", "thousands": "."}, "Rp 1250.000", Money(1_250_000)),
        ({"from": "x", "thousands": ","}, "1,250,000.00", Money(1_250_000)),
        ({"from": "x", "currency": "USD"}, "19.99", Money(1_999, "USD")),
        ({"from": "x", "currency_from": "unit"}, 20, Money(2_000, "SGD")),
        ({"constant": 0}, None, Money(0)),
    ],
)
def test_a_price_is_read_in_its_currency(price, value, expected):
    now, before, _terms = prices({"x": value, "unit": "sgd"}, price)

    assert (now, before) == (expected, None)


@pytest.mark.parametrize(
    ("value", "reason"),
    [("Hubungi kami", "not a price"), (-5, "cannot be negative"), (True, "not a number")],
)
def test_what_is_no_price_costs_the_row(value, reason):
    with pytest.raises(RowError, match=f"^price: .*{reason}"):
        prices({"x": value}, "x")


def test_a_currency_that_nobody_knows_costs_the_row():
    with pytest.raises(RowError, match=r"^price: .*XAU"):
        prices({"x": 5, "unit": "XAU"}, {"from": "x", "currency_from": "unit"})


def test_a_list_price_counts_only_above_the_price():
    assert prices({"a": 50, "b": 80}, "a", "b")[:2] == (Money(50), Money(80))
    assert prices({"a": 50, "b": 50}, "a", "b")[:2] == (Money(50), None)
    assert prices({"a": 50, "b": 0}, "a", "b")[:2] == (Money(50), None)


@pytest.mark.parametrize(
    ("discount", "expected"),
    [("70%", 299_000), ("0", None), ("", None), ("100%", None), ("66.6%", None), (None, None)],
)
def test_the_price_before_a_discount_is_told_when_it_is_whole(discount, expected):
    row = {"a": "Rp 89.700", "d": discount}

    now, before, terms = prices(row, "a", {"discount": "d"})

    assert now == Money(89_700)
    assert before == (Money(expected) if expected else None)
    assert terms == []


def test_a_discount_that_nobody_understands_is_kept_and_counted():
    _now, before, terms = prices({"a": 100, "d": "separuh"}, "a", {"discount": "d"})

    assert before is None
    assert terms == [UnknownTerm("discount", "separuh")]


def test_a_discount_beside_the_price_is_taken_off():
    price = {"from": "a", "discount": "d"}

    assert prices({"a": 100_001, "d": "50%"}, price, "a")[:2] == (Money(50_001), Money(100_001))
    with pytest.raises(RowError, match=r"^price: 'separuh' is not a discount"):
        prices({"a": 100, "d": "separuh"}, price)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50%", "50"), ("97,5%", "97.5"), ("66.6%", "66.6"), ("83,13 %", "83.13"), ("0", "0"),
        ("-", "0"), ("", "0"), ("GRATIS", "100"), ("100", "100"),
        ("101%", None), ("-5%", None), ("separuh", None), ("5%%", None),
    ],
)  # fmt: skip
def test_a_discount_is_a_percentage_or_nothing(text, expected):
    found = percent(text)

    assert (str(found) if found is not None else None) == expected
