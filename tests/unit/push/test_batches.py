"""Pushed rows: what is exactly so is an offering, and what is not has its reason."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalogue.drafts import to_draft_page
from gateway.catalogue.rows import to_page_rows
from gateway.push.batches import Batch, Line, Mode, end_of, to_batch
from schema.model.values import CourseLevel, DeliveryMode, EnrolmentMode, Money, PartnerCode

TOKO = PartnerCode("toko")
SESSION = {
    "key": "S-1", "starts_at": "2020-06-01T09:00:00", "ends_at": "2020-06-01T12:00:00+08:00",
    "time_zone": "WITA", "venue": {"name": "Aula", "region_code": "73.71"}, "capacity": 20,
    "seats_left": 3,
}  # fmt: skip
ROW = {
    "key": "A-1", "title": "Barista", "institution": "Kopi Nusantara", "summary": "Menyeduh",
    "description_html": "<p>Kopi</p>", "category": "Makanan dan Minuman", "level": "beginner",
    "languages": ["id", "en"], "duration_minutes": 900, "rating": 4.5, "rating_count": 12,
    "image_url": "https://toko.test/a.jpg", "price": {"amount": 350_000},
    "list_price": {"amount": 400_000, "currency": "IDR"}, "delivery_mode": "ONSITE",
    "enrolment_mode": "PARTNER_SITE", "url": "https://toko.test/a", "bundle": False,
    "sessions": [SESSION],
}  # fmt: skip


def read(*rows: Any, mode: Mode = Mode.FULL, currencies: tuple[str, ...] = ("IDR",)) -> Batch:
    texts = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    lines = [Line(number, text) for number, text in enumerate(texts, start=1)]
    return to_batch(TOKO, lines, mode, currencies)


def reason(row: Any, **how: Any) -> str:
    batch = read(row, **how)
    assert not batch.page.offerings
    [rejection] = batch.page.rejections
    return rejection.reason


def test_a_whole_row_is_an_offering():
    [offering] = read(ROW).page.offerings

    assert (offering.partner, offering.key, offering.price) == (TOKO, "A-1", Money(350_000))
    assert offering.listed.level is CourseLevel.BEGINNER
    assert offering.listed.category.code == "makanan-dan-minuman"
    assert offering.delivery_mode is DeliveryMode.ONSITE
    assert offering.enrolment_mode is EnrolmentMode.PARTNER_SITE
    [session] = offering.sessions
    assert session.starts_at.isoformat() == "2020-06-01T09:00:00+08:00"
    assert session.starts_at.tzinfo.key == "Asia/Makassar"
    assert (session.capacity, session.seats_left, session.venue.name) == (20, 3, "Aula")


def test_the_least_row_is_an_offering():
    [offering] = read({"key": "A", "title": "T", "institution": "I"}).page.offerings

    assert (offering.price, offering.sessions, offering.listed.languages) == (None, (), ("id",))


def test_words_that_we_do_not_know_are_kept():
    [offering] = read({**ROW, "level": "Meister", "delivery_mode": "hybrid"}).page.offerings

    assert offering.listed.level is CourseLevel.UNKNOWN
    assert {term.text for term in offering.unknown_terms} == {"Meister", "hybrid"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": ""}, "$.key"), ({"key": None}, "$.key"), ({"key": "a\x00"}, "printable"),
        ({"title": ""}, "$.title"), ({"judul": "x"}, "judul"),
        ({"price": "Rp 500.000"}, "$.price"), ({"price": {"amount": -1}}, "$.price.amount"),
        ({"price": {"amount": 10**12}}, "$.price.amount"), ({"price": {"amount": 1.5}}, "amount"),
        ({"price": {"amount": 1, "currency": "USD"}}, "not in USD"),
        ({"price": {"amount": 1, "currency": "rp"}}, "currency"),
        ({"url": "javascript:alert(1)"}, "url"), ({"image_url": "https://u:p@x.id/"}, "image_url"),
        ({"rating": 6}, "$.rating"), ({"duration_minutes": 0}, "$.duration_minutes"),
        ({"enrolment_mode": "DIRECT"}, "DIRECT"), ({"languages": ["Bahasa"]}, "languages"),
        ({"sessions": [{**SESSION, "ends_at": "2020-05-01T09:00"}]}, "ends before it starts"),
        ({"sessions": [SESSION, SESSION]}, "same key"),
        ({"sessions": [{**SESSION, "starts_at": "tomorrow"}]}, "not a time"),
        ({"sessions": [{**SESSION, "starts_at": "1970-01-01T00:00"}]}, "century"),
        ({"sessions": [{**SESSION, "time_zone": "../etc/passwd"}]}, "not a time zone"),
        ({"sessions": [{**SESSION, "seats_left": -1}]}, "seats_left"),
    ],
)  # fmt: skip
def test_what_is_not_so_is_refused_with_a_reason(change: dict[str, Any], said: str):
    assert said in reason({**ROW, **change})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON"), (b"\xff", "not JSON"), (b"[1]", "not a JSON object"),
        (b'{"key": "\\ud800"}', "not JSON"), (b'{"a":' * 3_000, "not JSON"),
        (b'{"key": NaN}', "not JSON"), (b'{"withdraw": "A-1"}', "withdraw"),
    ],
)  # fmt: skip
def test_lines_that_are_no_rows(line: bytes, said: str):
    assert said in reason(line)


def test_other_currencies_are_those_that_the_partners_file_names():
    dollars = {**ROW, "price": {"amount": 1_999, "currency": "USD"}}

    [offering] = read(dollars, currencies=("IDR", "USD")).page.offerings

    assert offering.price == Money(1_999, "USD")


def test_a_delta_takes_back_and_the_last_word_counts():
    def batch(*rows: Any) -> Batch:
        return read(*rows, mode=Mode.DELTA)

    back = {"withdraw": "A-1"}

    assert (batch(ROW, back).page.offerings, batch(ROW, back).page.withdrawn) == ((), ("A-1",))
    again = batch(back, ROW).page
    assert ([each.key for each in again.offerings], again.withdrawn) == (["A-1"], ())
    assert "unknown field" in reason({**back, "x": 1}, mode=Mode.DELTA)


def test_every_row_has_its_answer_at_its_place():
    rows = [ROW, {**ROW, "key": "B", "title": "\u200b"}, b"{", {**ROW, "key": "C"}]
    batch = read(*rows)
    placed = batch.placed(to_page_rows(TOKO, to_draft_page(TOKO, batch.page)))

    answers = [orjson.loads(each.to_line()) for each in batch.answers(placed)]

    assert [each["status"] for each in answers] == [
        "accepted", "quarantined", "quarantined", "accepted",
    ]  # fmt: skip
    assert [(each["row"], each["key"]) for each in answers] == [
        (1, "A-1"), (2, "B"), (3, None), (4, "C"),
    ]  # fmt: skip
    assert "title" in answers[1]["reason"]


def test_the_end_is_a_line_of_its_own():
    assert end_of(b'{"end": 3}') == 3
    for line in (None, b"", b'{"end": -1}', b'{"end": "3"}', b'{"end": 3, "key": "A"}', b'{"end"'):
        assert end_of(line) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*ROW, "x"]), _JSON), st.binary(max_size=60))
def test_any_row_is_an_offering_or_a_rejection(change: dict[str, Any], line: bytes):
    batch = read({**ROW, **change}, line, ROW, mode=Mode.DELTA)
    placed = batch.placed(to_page_rows(TOKO, to_draft_page(TOKO, batch.page)))
    answers = batch.answers(placed)

    assert [each.row for each in answers] == [1, 2, 3]
    assert answers[2].reason is None
    rejected = sum(each.reason is not None for each in answers)
    assert rejected == len(placed.rejections)
