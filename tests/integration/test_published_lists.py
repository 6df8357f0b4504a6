"""Lists that others published come in by partners files alone, and every row is accounted for.

The lists are not ours to distribute: hand-made ones with the same quirks always run, the
published ones where they are found (`MITRA_TEST_DATA`, or `shared/data` beside the checkout).
"""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gateway.partners.config import load_partners
from gateway.storage.engine import Database
from schema.model.values import CourseLevel, DeliveryMode, Money
from tests.databases import SqliteTemplates
from tests.integration.bringing_in import (
    EXAMPLES,
    assert_balances,
    assert_source_balances,
    bring_in,
    bring_in_as,
    published,
)

HAND_MADE = Path(__file__).parent / "feeds"

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(sqlite_templates: SqliteTemplates, tmp_path: Path) -> Iterator[Database]:
    found = sqlite_templates.open("catalogue", tmp_path)
    yield found
    found.close()


# --- Udemy: CSV, dollars, no institutions ------------------------------------------------


async def test_a_csv_in_dollars_is_accounted_for(database, tmp_path):
    found = await bring_in(database, "udemy", HAND_MADE / "udemy_courses.csv", tmp_path)

    assert_balances(found, rows=5)
    assert found.account.repeated_keys == ["103"]
    assert [(row.key, row.reason) for row in found.account.quarantined] == [
        ("104", "price: 'TBD' is not a price")
    ]
    coffee = found.offerings["101"]
    assert (coffee.price, coffee.listed.duration_minutes) == (Money(2_000, "USD"), 35)
    assert coffee.listed.institution == "Udemy"
    assert found.offerings["103"].price == Money(0, "USD")


async def test_the_published_udemy_list_is_accounted_for(database, tmp_path):
    csv_file = published("udemy_courses/udemy_courses.csv")
    with csv_file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))

    found = await bring_in(database, "udemy", csv_file, tmp_path)

    assert_balances(found, rows=len(rows))
    assert found.account.offerings == len(rows) == 3_672
    banking = found.offerings["1070968"]
    assert banking.price == Money(20_000, "USD")
    assert (banking.listed.level, banking.listed.duration_minutes) == (CourseLevel.ALL, 90)
    assert {each.listed.institution for each in found.offerings.values()} == {"Udemy"}
    assert sum(each.price == Money(0, "USD") for each in found.offerings.values()) == 310


# --- Pijar Mahir: the programme's description template ---------------------------------------


async def test_a_template_is_read_by_its_headings(database, tmp_path):
    found = await bring_in(
        database, "pijar_mahir_pages", HAND_MADE / "pijarmahir_mockup.json", tmp_path
    )

    assert_balances(found, rows=9)
    assert found.account.by_rule == {
        "card_names_no_course": ["best_seller: 1", "kartu_prakerja: 1"],
        "card_of_a_listed_course": ["flash_sale: 1"],
        "not_a_course": ["category: 1", "category: 2", "collection: 1"],
    }
    assert [row.reason for row in found.account.quarantined] == ["course: institution: is empty"]
    script, napkin = found.offerings["1"], found.offerings["2"]
    assert script.listed.summary == "Pelatihan ini mengajarkan cara menyusun naskah siaran."
    assert script.listed.level is CourseLevel.BEGINNER
    assert script.listed.institution == "Sanggar Suara"
    assert "<script" not in script.listed.description_html
    assert "\\" not in script.listed.description_html
    assert [session.unlimited for session in script.sessions] == [True]
    assert (napkin.listed.duration_minutes, napkin.sessions[0].capacity) == (240, 500)
    assert napkin.delivery_mode is DeliveryMode.LIVE_ONLINE


async def test_the_published_pages_are_accounted_for(database, tmp_path):
    file = published("pijarmahir_sample/pijarmahir_mockup.json")
    tables = json.loads(file.read_text(encoding="utf-8"))

    found = await bring_in(database, "pijar_mahir_pages", file, tmp_path)

    assert_balances(found, rows=sum(map(len, tables.values())))
    for number, (table, rows) in enumerate(tables.items()):
        assert_source_balances(found, table if number else "", len(rows))
    assert found.account.offerings == 6
    assert {rule: len(keys) for rule, keys in found.account.by_rule.items()} == {
        "card_names_no_course": 42,
        "card_of_a_listed_course": 5,
        "not_a_course": 14,
    }
    film, slides = found.offerings["1"], found.offerings["2"]
    assert film.listed.institution == "Vokraf"
    assert film.listed.summary.startswith("Pelatihan ini ditujukan untuk calon sutradara")
    assert film.listed.level is CourseLevel.BEGINNER
    assert film.sessions[0].unlimited
    assert slides.sessions[0].capacity == 500
    assert slides.delivery_mode is DeliveryMode.LIVE_ONLINE
    assert found.offerings["3"].listed.duration_minutes == 240
    assert {each.listed.category.name for each in found.offerings.values()} == {
        "Kartu Prakerja",
        "Mahir Digital",
    }


# --- MIT Learn: ten shapes, courses and runs apart ----------------------------------------------


def rows_of(file: Path) -> Sequence[object]:
    if file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
    document = json.loads(file.read_text(encoding="utf-8"))
    for path in (("results",), ("data", "searchAPISearch", "documents")):
        rows = document
        for step in path:
            rows = rows.get(step) if isinstance(rows, dict) else None
        if rows is not None:
            return rows
    return document if isinstance(document, list) else [document]


async def test_runs_of_one_feed_become_sessions_of_anothers_courses(catalogue_db):
    (config,) = load_partners([HAND_MADE / "balai" / "balai.toml"])

    found = await bring_in_as(catalogue_db, config)

    assert_balances(found, rows=9)
    assert_source_balances(found, "", rows=4)
    assert_source_balances(found, "runs", rows=5)
    welding = found.offerings["K-1"]
    assert [(s.key, s.starts_at.isoformat(), s.capacity) for s in welding.sessions] == [
        ("J-1", "2025-07-17T00:00:00+07:00", 20),
        ("J-2", "2025-09-01T00:00:00+07:00", 20),
    ]
    assert welding.price == Money(250_000)
    assert found.account.by_rule == {"retired": ["courses: K-3"]}
    assert found.account.repeated_keys == ["courses: K-2", "runs: J-2"]
    assert [(row.key, row.reason) for row in found.account.quarantined] == [
        ("K-2", "runs: starts_at: 'soon' is not a time in the documented form"),
        ("J-3", "is a session of an offering that is not listed"),
    ]


async def test_the_published_mit_lists_are_accounted_for(database, tmp_path):
    folder = published("mit_learn")
    (config,) = load_partners([EXAMPLES / "mit_learn.toml"])
    rows = {
        source["name"]: len(rows_of(folder / source["path"]))
        for source in config.options["sources"]
    }
    # Dates that the publishers of these lists moved a hundred years ahead.
    far_off = {"mitpe_0": 2, "mitpe_1": 1, "prolearn_mitpe": 2, "prolearn_csail": 2}

    found = await bring_in(database, "mit_learn", folder, tmp_path)

    assert len(rows) == 17
    assert {row["path"] for row in config.options["sources"]} == {
        file.name for file in folder.iterdir() if file.name != "SOURCE.txt"
    }
    assert_balances(found, rows=sum(rows.values()), inner=sum(far_off.values()))
    for number, (name, count) in enumerate(rows.items()):
        assert_source_balances(found, name if number else "", count, far_off.get(name, 0))
    assert all("not a time of this century" in row.reason for row in found.account.quarantined[:7])


async def test_the_published_mit_lists_are_joined(database, tmp_path):
    found = await bring_in(database, "mit_learn", published("mit_learn"), tmp_path)

    course = found.offerings["sloan-a054v00000jjb6MAAQ"]
    (session,) = course.sessions
    assert course.price == Money(450_000, "USD")
    assert course.delivery_mode is DeliveryMode.ONSITE
    assert session.starts_at.isoformat() == "2024-09-12T00:00:00-04:00"
    assert session.venue.name == "Cambridge, MA"
    assert course.listed.institution == "MIT Sloan School of Management"
    assert {row.key for row in found.account.quarantined if not row.page} == {
        f"a056g00000URaa8AAD-{run}" for run in ("FAM 10-20-2024", "FAM 3-16-2025", "FAM 10-5-2025")
    }
    assert found.account.by_rule.keys() == {
        "archived", "not_of_mitx", "retired", "unpublished", "without_dates",
    }  # fmt: skip
    assert found.offerings["course-v1:MITxT+18.03.1x"].price == Money(12_300, "USD")
    assert found.offerings["prolearn-548"].sessions[0].starts_at.date().isoformat() == "2022-12-13"


# --- Skill Week ----------------------------------------------------------------------------


@pytest.mark.parametrize("hand_made", [True, False], ids=["hand-made", "published"])
async def test_skill_week_is_accounted_for(database, tmp_path, hand_made):
    name = "prakerja_skillweek/course_2023-05-31.json"
    beside = Path(__file__).parent / "skillweek" / "skillweek.json"

    found = await bring_in(
        database, "skillweek", beside if hand_made else published(name), tmp_path
    )

    assert_balances(found, rows=16 if hand_made else 266)
