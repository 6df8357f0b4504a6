"""Reports count what the ledger has, whichever way it is grouped."""

import asyncio
import csv
from collections import Counter
from contextlib import closing
from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from gateway.enrolment.calendar import start_of
from gateway.reports import enrolments as report
from gateway.reports import export
from gateway.reports.enrolments import ReportDesk, columns_of, read_rows, read_total, to_values
from gateway.reports.export import ExportQuery
from gateway.reports.files import FileFormat, opened, write_rows
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment, entry
from schema.model.catalogue import Category, Venue
from schema.model.reports import Measures, ReportDimension, ReportQuery
from schema.model.values import InstitutionId
from tests.integration.enrolment.builders import PRICE, Programme
from tests.integration.enrolment.histories import BROKEN_MONEY, DAY, MONEY, PARTNER, Day, Past

pytestmark = pytest.mark.anyio
D = ReportDimension
GROUPINGS = [(each,) for each in D] + [*combinations(D, 2), (D.DAY, D.PARTNER)]
FACTS = st.fixed_dictionaries(
    {
        "partner": st.sampled_from(["tokopedia", "pintaria"]),
        "institution_id": st.sampled_from([None, "i-1", "i-2"]),
        "institution_name": st.sampled_from([None, "BLK Makassar", "=HYPERLINK(1)"]),
        "category": st.sampled_from([None, "bahasa-asing", "keuangan"]),
        "region_code": st.sampled_from([None, "31.71", "73.71"]),
        "created_at": st.integers(-30, 30).map(
            lambda hours: start_of(DAY) + timedelta(hours=hours, microseconds=hours % 2)
        ),
    }
)
PASTS = st.lists(
    st.builds(
        Past,
        status=st.sampled_from(list(MONEY)),
        price=st.sampled_from([0, 1, 350_000, 10**12]),
        drift=st.sampled_from([None, *BROKEN_MONEY]),  # a report tells the ledger, right or wrong
        columns=FACTS,
    ),
    max_size=15,
)


def ledger_totals(connection: Connection) -> Measures:
    """Return what the ledger has, counted in the plainest way."""
    statuses = Counter(connection.scalars(select(enrolment.c.status)))
    money = Counter()
    for account, kind, amount in connection.execute(
        select(entry.c.account, entry.c.kind, entry.c.amount).where(
            entry.c.enrolment_id.is_not(None)
        )
    ):
        money[account] += amount
        money[account, kind] += amount
    confirmed = sum(statuses[each] for each in ("CONFIRMED", "ACTIVE", "COMPLETED", "NOT_PASSED"))
    ended = confirmed + sum(statuses[each] for each in ("REJECTED", "CANCELLED", "EXPIRED"))
    return Measures(
        enrolments=statuses.total(),
        open=statuses.total() - ended,
        confirmed=confirmed,
        completed=statuses["COMPLETED"],
        rejected=statuses["REJECTED"],
        cancelled=statuses["CANCELLED"],
        expired=statuses["EXPIRED"],
        held=money["HELD"],
        captured=money["PARTNER", "CAPTURE"],
        refunded=-money["PARTNER", "REFUND"],
        spent=money["PARTNER"],
    )


def added(rows) -> Measures:
    return Measures(
        **{
            field.name: sum(getattr(row.measures, field.name) for row in rows)
            for field in fields(Measures)
        }
    )


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pasts=PASTS, by=st.sampled_from(GROUPINGS))
def test_every_grouping_adds_up_to_the_ledger(a_ledger, pasts, by):
    database = a_ledger()

    async def check() -> None:
        await database.write(lambda c: Day().write(c, pasts))
        totals = await database.read(ledger_totals)
        rows = await database.read(lambda c: list(read_rows(c, ReportQuery(by))))

        assert added(rows) == totals
        assert await database.read(lambda c: read_total(c, ReportQuery(by))) == totals
        assert len({tuple(key.value for key in row.keys) for row in rows}) == len(rows)
        expected = Counter(tuple(_fact(past, each) for each in by) for past in pasts)
        found = {tuple(k.value for k in row.keys): row.measures.enrolments for row in rows}
        assert found == expected

    try:
        asyncio.run(check())
    finally:
        database.close()


def _fact(past: Past, dimension: ReportDimension) -> str | None:
    columns = past.columns
    match dimension:
        case D.DAY:
            jakarta = columns["created_at"] + timedelta(hours=7)
            return jakarta.date().isoformat()
        case D.INSTITUTION:
            return columns["institution_id"]
        case D.REGION:
            return columns["region_code"]
    return columns[dimension.lower()]


SOME = [
    Past(columns={"category": "keuangan", "institution_id": "i-1", "institution_name": "BLK"}),
    Past(price=100_000, columns={"partner": "pintaria"}),
    Past(columns={"created_at": start_of(DAY + timedelta(days=1))}),
]


@pytest.fixture
async def ledger(ledger_db: Database) -> Database:
    """Three enrolments: two on the day, one in the first instant of the next."""
    await ledger_db.write(lambda c: Day().write(c, SOME))
    return ledger_db


async def test_rows_are_grouped_on_both_engines(ledger: Database):
    found = await ReportDesk(ledger).read_report(ReportQuery((D.PARTNER, D.DAY)), limit=10)

    told = [
        ([key.value for key in row.keys], row.measures.enrolments, row.measures.spent)
        for row in found.rows
    ]
    next_day = (DAY + timedelta(days=1)).isoformat()
    assert told == [
        (["pintaria", DAY.isoformat()], 1, 100_000),
        ([PARTNER, DAY.isoformat()], 1, 350_000),
        ([PARTNER, next_day], 1, 350_000),
    ]
    assert found.total.captured == 800_000
    assert found.is_complete


@pytest.mark.parametrize("by", GROUPINGS)
async def test_every_grouping_works_on_both_engines(ledger: Database, by):
    found = await ReportDesk(ledger).read_report(ReportQuery(by), limit=100)

    assert added(found.rows) == found.total == await ledger.read(ledger_totals)


@pytest.mark.parametrize(
    ("since", "until", "number"),
    [
        (None, None, 3),
        (DAY, DAY, 2),
        (DAY + timedelta(days=1), None, 1),
        (None, DAY - timedelta(days=1), 0),
    ],
)
async def test_days_begin_at_midnight_in_jakarta(ledger: Database, since, until, number):
    query = ReportQuery((D.PARTNER,), since, until)

    found = await ReportDesk(ledger).read_report(query, limit=10)
    exported = await ledger.read(
        lambda c: len(list(export.read_rows(c, ExportQuery(since, until))))
    )

    assert found.total.enrolments == sum(row.measures.enrolments for row in found.rows) == number
    assert exported == number
    assert await ledger.read(lambda c: export.count_rows(c, ExportQuery(since, until))) == number


async def test_a_long_report_is_cut_and_says_so(ledger: Database):
    found = await ReportDesk(ledger).read_report(ReportQuery((D.DAY,)), limit=1)

    assert (len(found.rows), found.is_complete) == (1, False)
    assert found.total.enrolments == 3


async def test_what_was_true_at_purchase_is_what_counts(programme: Programme):
    offering = programme.shelf.put("barista", seats=5)
    fact = programme.shelf.facts[offering.id]
    session = replace(offering.sessions[0], venue=Venue(region_code="73.71"))
    listed = replace(offering.listed, category=Category("makanan", "Makanan"))
    told = replace(offering, listed=listed, sessions=(session,))
    programme.shelf.facts[offering.id] = replace(
        fact, offering=told, institution_id=InstitutionId("i-1")
    )
    await programme.enrol(offering)
    programme.shelf.facts[offering.id] = replace(fact, institution_id=InstitutionId("i-2"))

    rows = await programme.database.read(
        lambda c: [
            *read_rows(c, ReportQuery((D.INSTITUTION, D.REGION))),
            *read_rows(c, ReportQuery((D.CATEGORY,))),
        ]
    )

    keys = [[(key.value, key.label) for key in row.keys] for row in rows]
    assert keys == [[("i-1", "Kopi Nusantara"), ("73.71", "73.71")], [("makanan", "makanan")]]
    assert [row.measures.held for row in rows] == [PRICE, PRICE]


async def test_a_csv_holds_every_row_and_no_formula(ledger: Database, tmp_path: Path):
    await ledger.write(
        lambda c: c.execute(enrolment.update().values(institution_name="=HYPERLINK(1)"))
    )
    out, parts = tmp_path / "enrolments.csv", []

    def write(connection: Connection) -> int:
        with opened(FileFormat.CSV, out, export.COLUMNS) as sink:
            return write_rows(sink, export.read_rows(connection, ExportQuery()), parts.append)

    written = await ledger.read(write)

    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert written == len(rows) == 3
    assert parts == [3]
    assert {row["institution_name"] for row in rows} == {"'=HYPERLINK(1)"}
    assert [int(row["captured"]) for row in rows] == [350_000, 100_000, 350_000]
    assert not {"redeem_code", "access_url", "birth_date"} & set(rows[0])


def test_a_file_that_was_not_finished_is_not_there(tmp_path: Path):
    def fail() -> None:
        with opened(FileFormat.CSV, tmp_path / "enrolments.csv", export.COLUMNS) as sink:
            sink.write([("half",)])
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()

    assert list(tmp_path.iterdir()) == []


async def test_parquet_says_the_same_with_types(ledger: Database, tmp_path: Path):
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "report.parquet"
    query = ReportQuery((D.DAY, D.INSTITUTION))

    def write(connection: Connection) -> int:
        with opened(FileFormat.PARQUET, out, columns_of(query)) as sink:
            return write_rows(sink, map(to_values, read_rows(connection, query)))

    written = await ledger.read(write)

    table = parquet.read_table(out)
    assert written == table.num_rows == 3
    assert table["day"].to_pylist() == [DAY, DAY, date(2020, 4, 12)]
    assert table["institution_name"].to_pylist() == [None, "BLK", None]
    assert sum(table["spent"].to_pylist()) == 800_000
    exported = tmp_path / "export.parquet"

    def write_all(connection: Connection) -> int:
        with opened(FileFormat.PARQUET, exported, export.COLUMNS) as sink:
            return write_rows(sink, export.read_rows(connection, ExportQuery()))

    assert await ledger.read(write_all) == 3
    created = parquet.read_table(exported)["created_at"].to_pylist()
    assert created[-1] == start_of(DAY + timedelta(days=1))


async def test_rows_come_some_at_a_time(ledger: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(report, "ROWS_AT_ONCE", 1)

    def halves(connection: Connection) -> list[object]:
        with (
            closing(export.read_rows(connection, ExportQuery())) as rows,
            closing(read_rows(connection, ReportQuery((D.DAY,)))) as groups,
        ):
            return [next(rows)[3], next(groups).measures.enrolments, next(rows)[3]]

    assert await ledger.read(halves) == ["CONFIRMED", 2, "CONFIRMED"]
