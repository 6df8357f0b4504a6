"""Snippets, suggestions and dated rates."""

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.catalogue.drafts import institution_id
from gateway.catalogue.entries import to_entry
from gateway.catalogue.rates import RatesFileError, load_rates
from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from gateway.catalogue.stored import StoredCourse, StoredOffering
from schema.model.catalogue import Institution, Session
from schema.model.values import CourseId, Money, RemoteId
from schema.ports import CourseFilter, CourseQuery, CourseSort, Window
from tests.catalogue import NOON, TOKOPEDIA, an_offering
from tests.unit.catalogue.strategies import an_entry

LONG = (
    "Pembuka yang panjang sekali. " * 8
    + "Peserta <b>mengelola</b> keuangan & kas. "
    + "Akhir. " * 60
)


def a_reader(*offerings, now=NOON, **kept) -> SnapshotReader:
    found = [an_entry(number, each) for number, each in enumerate(offerings)]
    return SnapshotReader(Snapshot(1, found), now, **kept)


def test_a_snippet_marks_every_form_and_escapes_the_rest():
    reader = a_reader(an_offering("1", "Kas", summary=LONG))
    course = reader.course(CourseId("course-0"))

    snippet = reader.snippet(course, "pengelolaan keuagan")

    assert snippet is not None
    assert (
        "&lt;b&gt;<mark>mengelola</mark>&lt;/b&gt; <mark>keuangan</mark> &amp; kas" in snippet.html
    )
    assert "<b>mengelola</b> keuangan" in snippet.text
    assert len(snippet.text) <= 202
    assert snippet.text.startswith("…")
    assert snippet.text.endswith("…")


def test_what_is_in_no_shown_text_has_no_snippet():
    reader = a_reader(an_offering("1", "Kas", institution="LKP Melati"))

    assert reader.snippet(reader.course(CourseId("course-0")), "melati") is None


def test_suggestions_complete_words_institutions_and_titles():
    reader = a_reader(
        an_offering("1", "Barista Dasar", institution="Barista Nusantara"),
        an_offering("2", "Batik Tulis"),
    )

    found = [(each.kind.value, each.text) for each in reader.suggestions("baris", 8)]

    assert found == [
        ("WORD", "barista"),
        ("INSTITUTION", "Barista Nusantara"),
        ("COURSE", "Barista Dasar"),
    ]
    assert reader.suggestions("  ", 8) == []
    assert len(reader.suggestions("ba", 2)) == 2


def test_a_dated_rate_gives_foreign_prices_their_place(tmp_path: Path):
    path = tmp_path / "rates.toml"
    path.write_text("as_of = 2020-04-01\n[rupiah]\nUSD = 16250.5\n")
    rates = load_rates(path)
    institution = Institution(institution_id("LKP"), "LKP")
    prices = [Money(100_000), Money(1_000, "USD"), Money(200_000), Money(500, "EUR")]
    found = [
        to_entry(
            StoredCourse(
                CourseId(str(n)),
                institution.id,
                NOON,
                (StoredOffering(an_offering(str(n), str(n), price=price), withdrawn=False),),
            ),
            institution,
            rates,
        )
        for n, price in enumerate(prices)
    ]
    reader = SnapshotReader(Snapshot(1, found), NOON)

    by_price = reader.courses(CourseQuery(sort=CourseSort.PRICE_ASC), Window(first=9)).nodes
    cheap = reader.courses(CourseQuery(filter=CourseFilter(price_max=170_000)), Window(first=9))

    assert [course.title for course in by_price] == ["0", "1", "2", "3"]
    assert {course.title for course in cheap.nodes} == {"0", "1"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("as_of = 1", "as_of", id="no-day"),
        pytest.param("as_of = 2020-04-01", "rupiah", id="no-table"),
        pytest.param("as_of = 2020-04-01\n[rupiah]\nUSD = 0", "USD", id="no-rate"),
        pytest.param("as_of =", "TOML", id="no-toml"),
    ],
)
def test_a_rates_file_that_cannot_be_used_says_what_to_mend(tmp_path: Path, text: str, says: str):
    path = tmp_path / "rates.toml"
    path.write_text(text)

    with pytest.raises(RatesFileError, match=says):
        load_rates(path)


def test_availability_follows_the_clock_without_a_new_snapshot():
    session = Session(TOKOPEDIA, RemoteId("s"), NOON + timedelta(days=1), capacity=9, seats_left=9)
    snapshot = Snapshot(1, [an_entry(1, an_offering("1", sessions=(session,)))])
    query = CourseQuery(filter=CourseFilter(available_only=True))

    def total(days: int, booked: int = 0) -> int:
        now = NOON + timedelta(days=days)
        reader = SnapshotReader(snapshot, now, lambda _: booked, [session.id])
        return reader.courses(query, Window(first=1)).total

    assert (total(0), total(1), total(0), total(0, booked=9), total(0)) == (1, 0, 1, 0, 1)
