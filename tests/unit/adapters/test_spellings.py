"""How prices, durations and times are spelt, and what they mean."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.spellings import (
    MOST_COINS,
    MOST_MINUTES,
    RowError,
    count,
    flag,
    local_time,
    minutes,
    price,
    rating,
    whole,
    zone_of,
)
from schema.model.values import Money

ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
    | st.lists(st.none(), max_size=1) | st.from_regex(r"(Rp ?)?-?[\d.,]{1,30}(,-)?", fullmatch=True)
    | st.from_regex(r"\d{1,7}[.,]?\d? ?(jam|menit|JP|PT\dH)", fullmatch=True)
)  # fmt: skip


# --- prices --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "rupiah"),
    [
        ("Rp 89.700", 89_700),
        ("Rp89.700,00", 89_700),
        ("Rp. 89.700,-", 89_700),
        ("Rp 1.250.000", 1_250_000),
        ("Rp\u00a01.250.000", 1_250_000),
        ("IDR 350000", 350_000),
        ("Rp 425000", 425_000),
        ("350000", 350_000),
        ("350000.00", 350_000),
        ("350,000.00", 350_000),
        ("1,250,000", 1_250_000),
        (350_000, 350_000),
        (350_000.0, 350_000),
        ("Gratis", 0),
        (" gratis ", 0),
        ("Rp 0", 0),
        (0, 0),
    ],
)
def test_a_price_is_read_in_many_spellings(told, rupiah):
    assert price(told) == Money(rupiah)


@pytest.mark.parametrize("told", [None, "", "  "])
def test_no_price_is_not_told(told):
    assert price(told) is None


@pytest.mark.parametrize(
    "told",
    [
        -1, "-350000", "Rp -5.000", 0.5, "350000,50", "1.25.000", "12.3456", "mahal", "Rp", "1e9",
        "89.700 per orang", True, [], {}, float("nan"), float("inf"), 10**12, "9" * 24, "9" * 6_000,
    ],
)  # fmt: skip
def test_what_is_no_price_costs_the_row(told):
    with pytest.raises(RowError):
        price(told)


def test_dollars_have_cents():
    assert price("19,99", "USD") == Money(1_999, "USD")
    assert price("1.299,50", "USD") == Money(129_950, "USD")


def test_a_currency_that_nobody_knows_costs_the_row():
    with pytest.raises(RowError, match="XAU"):
        price(5, "XAU")


@given(st.integers(0, MOST_COINS))
def test_every_price_survives_the_indonesian_spelling(rupiah):
    dotted = f"{rupiah:,}".replace(",", ".")

    assert price(f"Rp {dotted}") == price(f"Rp{dotted},00") == price(str(rupiah)) == Money(rupiah)


@given(ANYTHING)
def test_a_price_is_money_or_nothing_or_an_error(told):
    try:
        found = price(told)
    except RowError:
        return

    assert found is None or 0 <= found.amount <= MOST_COINS


# --- numbers -------------------------------------------------------------------------


@pytest.mark.parametrize(("told", "number"), [(4, 4), (4.0, 4), ("4", 4), ("1.250", 1_250)])
def test_whole_numbers(told, number):
    assert whole(told) == number


@pytest.mark.parametrize(
    "told", [None, True, 4.5, "4,5", "empat", "", ".", [], "1e3", "1.250.00", 10**30]
)
def test_what_is_no_whole_number_costs_the_row(told):
    with pytest.raises(RowError):
        whole(told)


@pytest.mark.parametrize(("told", "seats"), [(0, 0), ("12", 12), (None, None), (" ", None)])
def test_a_count_is_read_however_it_is_written(told, seats):
    assert count(told) == seats


@pytest.mark.parametrize("told", [-1, "-1", "unlimited", True])
def test_what_is_no_count_costs_the_row(told):
    with pytest.raises(RowError):
        count(told)


@pytest.mark.parametrize(
    ("told", "stars"),
    [(4.7, 4.7), ("4,7", 4.7), ("4.75", 4.75), ("4.125", 4.125), (5, 5.0), (0, None), ("", None),
     (None, None)],
)  # fmt: skip
def test_a_rating_is_read_and_none_is_not_zero(told, stars):
    assert rating(told) == stars


@pytest.mark.parametrize("told", [5.1, -1, 47, "bagus", True])
def test_what_is_no_rating_costs_the_row(told):
    with pytest.raises(RowError):
        rating(told)


@pytest.mark.parametrize(
    ("told", "answer"),
    [(True, True), ("true", True), ("1", True), (1, True), ("Ya", True), (False, False),
     ("false", False), ("0", False), (0, False), ("Tidak", False), (None, False), ("", False)],
)  # fmt: skip
def test_yes_and_no_are_read_in_every_spelling(told, answer):
    assert flag(told) is answer


def test_a_word_that_is_neither_yes_nor_no_costs_the_row():
    with pytest.raises(RowError):
        flag("mungkin")


# --- durations -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("365 menit", 365),
        ("4 Jam", 240),
        ("1 jam 30 menit", 90),
        ("1 jam, 30 menit", 90),
        ("1 jam dan 30 menit", 90),
        ("1,5 jam", 90),
        ("8 JP", 360),
        ("PT4H30M", 270),
        ("pt45m", 45),
        ("P1DT2H", 1_560),
        ("90", 90),
        (90, 90),
        (90.4, 90),
    ],
)
def test_durations_are_minutes(told, expected):
    assert minutes(told) == expected


@pytest.mark.parametrize("told", [None, "", 0, "0 menit", "PT0S"])
def test_no_duration_is_not_told(told):
    assert minutes(told) is None


@pytest.mark.parametrize(
    "told", [-5, "lama", "4 jam per hari", "4 bulan", "jam 4", "-4 jam", True, [], 10**9, "9" * 99]
)
def test_what_is_no_duration_costs_the_row(told):
    with pytest.raises(RowError):
        minutes(told)


@given(ANYTHING)
def test_a_duration_is_bounded_or_an_error(told):
    try:
        found = minutes(told)
    except RowError:
        return

    assert found is None or 0 < found <= MOST_MINUTES


# --- times ---------------------------------------------------------------------------

FORMS = ("%d/%m/%Y %H:%M", "%d/%m/%Y")


@pytest.mark.parametrize(
    ("told", "zone", "expected"),
    [
        ("01/06/2020 09:00", "WIB", "2020-06-01T09:00:00+07:00"),
        ("01/06/2020 09:00", "WITA", "2020-06-01T09:00:00+08:00"),
        ("01/06/2020 09:00 WIT", "WIB", "2020-06-01T09:00:00+09:00"),
        ("01/06/2020", "Asia/Jayapura", "2020-06-01T00:00:00+09:00"),
    ],
)
def test_local_times_keep_their_zone(told, zone, expected):
    found = local_time(told, zone, FORMS)

    assert found is not None
    assert found.isoformat() == expected
    assert isinstance(found.tzinfo, ZoneInfo)


def test_a_time_with_an_offset_is_moved_to_the_zone():
    found = local_time("2020-06-01T02:00:00Z", "WITA")

    assert found == datetime(2020, 6, 1, 2, 0, tzinfo=UTC)
    assert str(found.tzinfo) == "Asia/Makassar"


@pytest.mark.parametrize(
    "told", [None, "", "0000-00-00 00:00:00", "0000-00-00", "00/00/0000", "0000-00-00 00:00 WIB"]
)
def test_a_zero_date_is_not_told(told):
    assert local_time(told, "WIB", FORMS) is None


@pytest.mark.parametrize(
    "told",
    ["31/02/2020", "2020-06-01", "01/06/1970", "01/06/2199", "besok", 20200601, [], "1" * 999],
)
def test_what_is_no_time_costs_the_row(told):
    with pytest.raises(RowError):
        local_time(told, "WIB", FORMS)


@pytest.mark.parametrize("name", ["", "WIBB", "../etc/passwd", "/etc/localtime", "Asia", "\x00"])
def test_what_is_no_zone_costs_the_row(name):
    with pytest.raises(RowError):
        zone_of(name)


@given(ANYTHING)
def test_a_time_is_aware_or_an_error(told):
    try:
        found = local_time(told, "WIB")
    except RowError:
        return

    assert found is None or found.utcoffset() is not None
