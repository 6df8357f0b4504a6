"""What other publishers' lists do: prices in pairs, relative addresses, sessions in columns."""

import json

import pytest

from adapters.base import LeftOut, Page, PartnerSettings
from adapters.feed.mapping import build_mapping
from adapters.feed.options import FeedOptionsError
from schema.model.values import Money, PartnerCode

OPTIONS = {
    "format": "json",
    "key": "id",
    "fields": {"title": "t", "institution": {"constant": "MIT"}},
}
PARALLEL = {
    "key": {"template": "{id}-{start}"},
    "parallel": {"columns": ["start", "end"], "separator": "|"},
    "fields": {"starts_at": {"from": "start", "zone": "UTC"}, "ends_at": {"from": "end"}},
}


def read(*rows, fields=None, **options) -> Page:
    merged = OPTIONS | options | {"fields": OPTIONS["fields"] | (fields or {})}
    partner = PartnerSettings(PartnerCode("mit"), "file:x", options=merged)
    return build_mapping(partner).to_page(json.dumps(rows).encode())


def only(page: Page):
    assert not page.rejections
    return page.offerings[0]


@pytest.mark.parametrize(
    ("price", "row", "expected"),
    [
        ({"from": ["min", "max"], "pick": "lowest"}, {"min": 123, "max": 456}, 12_300),
        ({"from": ["min", "max"], "pick": "highest"}, {"min": 123, "max": 456}, 45_600),
        ({"from": ["min", "max"], "pick": "lowest"}, {"min": None, "max": 456}, 45_600),
        ({"from": ["min", "max"], "pick": "lowest"}, {}, None),
        ({"from": "s.*.p", "pick": "highest"}, {"s": [{"p": "150.00"}, {"p": "0.00"}]}, 15_000),
        ({"from": "r.*.s.*.p", "pick": "lowest"}, {"r": [{"s": [{"p": 9}, {"p": 8}]}]}, 800),
        ({"from": "p", "sign": "$"}, {"p": "$3,500"}, 350_000),
        ({"from": "p", "sign": "$"}, {"p": "1870 $"}, 187_000),
        ({"from": "p"}, {"p": "13900.0"}, 1_390_000),
    ],
)
def test_prices_are_understood(price, row, expected):
    offering = only(read({"id": 1, "t": "A"} | row, fields={"price": price | {"currency": "USD"}}))

    assert offering.price == (None if expected is None else Money(expected, "USD"))


def test_one_bad_price_of_a_pair_is_a_reason():
    pick = {"price": {"from": ["min", "max"], "pick": "lowest"}}

    (bad,) = read({"id": 1, "t": "A"}, {"id": 2, "t": "B", "max": "?"}, fields=pick).rejections

    assert bad.reason == "price: '?' is not a price"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/katalog/x", "https://mit.test/katalog/x"),
        ("https://lain.test/x", "https://lain.test/x"),
        ("//lain.test/x", None),
        ("katalog/x", None),
    ],
)
def test_addresses_are_put_on_their_base(address, expected):
    fields = {"url": {"from": "u", "base": "https://mit.test/"}}

    assert only(read({"id": 1, "t": "A", "u": address}, fields=fields)).url == expected


def test_a_line_is_taken_out_of_html():
    fields = {"category": {"from": "c", "html": True}, "title": {"from": "t", "html": True}}

    listed = only(read({"id": 1, "t": "<b>Kopi</b>", "c": "Bisnis &amp; IT"}, fields=fields)).listed

    assert (listed.title, listed.category.name) == ("Kopi", "Bisnis & IT")


def test_sessions_stand_side_by_side_in_columns():
    row = {"id": 1, "t": "A", "start": "2025-07-17|2025-09-01", "end": "2025-07-19|2025-12-01"}

    first, second = only(read(row, sessions=PARALLEL)).sessions

    assert (first.key, second.key) == ("1-2025-07-17", "1-2025-09-01")
    assert second.ends_at.date().isoformat() == "2025-12-01"


def test_columns_that_are_lists_stand_side_by_side_too():
    starts_at = {"from": "start", "format": "epoch", "zone": "UTC"}
    sessions = PARALLEL | {"fields": {"starts_at": starts_at}}

    (session,) = only(read({"id": 1, "t": "A", "start": [1670932800]}, sessions=sessions)).sessions

    assert session.starts_at.isoformat() == "2022-12-13T12:00:00+00:00"
    assert only(read({"id": 1, "t": "A", "start": []}, sessions=sessions)).sessions == ()


def test_a_bad_session_in_columns_costs_only_itself():
    page = read({"id": 1, "t": "A", "start": "2125-01-01|2025-09-01"}, sessions=PARALLEL)

    assert [session.key for session in page.offerings[0].sessions] == ["1-2025-09-01"]
    assert [row.reason for row in page.rejections] == [
        "starts_at: '2125-01-01' is not a time of this century"
    ]


def test_rules_look_for_a_text_or_apply_to_every_row():
    rule = {"rule": "archived", "from": "t", "containing": "- Archived"}

    page = read({"id": 1, "t": "A - ARCHIVED"}, {"id": 2, "t": "B"}, leave_out=[rule])
    cards = read({"id": 3, "t": "C"}, leave_out=[{"rule": "card", "always": True}])

    assert page.left_out == (LeftOut("1", "archived"),)
    assert [offering.key for offering in page.offerings] == ["2"]
    assert (cards.offerings, cards.left_out) == ((), (LeftOut("3", "card"),))


@pytest.mark.parametrize(
    ("told", "form"),
    [
        ("2017-01-18 20:58:58+00:00", None),
        ("2017-01-18T20:58:58Z", None),
        ("20170118", "%Y%m%d"),
        ("1484773138", "epoch"),
    ],
)
def test_dates_are_read_in_many_forms(told, form):
    starts_at = {"from": "at", "zone": "UTC"} | ({"format": form} if form else {})

    row = {"id": 1, "t": "A", "at": told}
    (session,) = only(
        read(row, sessions={"key": "id", "fields": {"starts_at": starts_at}})
    ).sessions

    assert session.starts_at.date().isoformat() == "2017-01-18"


def test_a_date_of_zeros_is_none():
    sessions = {"key": "id", "fields": {"starts_at": "at"}}

    row = {"id": 1, "t": "A", "at": "0000-00-00 00:00:00"}

    assert only(read(row, sessions=sessions)).sessions[0].starts_at is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fields": {"price": {"template": "{a}", "pick": "lowest"}}}, "pick picks from columns"),
        ({"fields": {"price": {"from": "a", "pick": "any"}}}, "pick must be one of"),
        ({"fields": {"url": {"from": "a", "base": "mit"}}}, "base must be a web address"),
        ({"leave_out": [{"rule": "x", "from": "a"}]}, "one of when, unless, containing, always"),
        (
            {"leave_out": [{"rule": "x", "from": "a", "when": "b", "always": True}]},
            "one of when, unless, containing, always",
        ),
        ({"sessions": {"key": "id", "parallel": {}}}, "columns is missing"),
        ({"sessions": PARALLEL | {"at": "x"}}, "parallel goes without at"),
    ],
)
def test_what_cannot_work_is_refused(changes, sentence):
    with pytest.raises(FeedOptionsError) as refused:
        read(**changes)

    assert sentence in str(refused.value)
