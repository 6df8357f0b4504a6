"""`mitra blocks` over an embedded catalogue, as an operator types it."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.app import Gateway
from gateway.catalogue.sync import CatalogueSync
from gateway.cli import app
from gateway.clock import utc_now
from gateway.settings import Settings
from schema.ids import NodeKind, to_global_id
from schema.model.catalogue import Category, Course
from schema.ports import CourseQuery, Window
from tests.catalogue import NOON, ScriptedPartner, a_partner, an_offering
from tests.databases import SqliteTemplates

WHY = ("--reason", "certificates without attendance", "--letter", "S-201")


@pytest.fixture
def course(
    sqlite_templates: SqliteTemplates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Course:
    """The one course of an embedded catalogue."""
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MITRA_PROFILE", "development")
    database = sqlite_templates.open("catalogue", tmp_path)
    partner = ScriptedPartner([an_offering(category=Category("kuliner", "Kuliner"))])
    asyncio.run(CatalogueSync(partner, database, lambda: NOON).sync(a_partner()))
    database.close()
    return asyncio.run(the_course())


async def the_course() -> Course:
    gateway = Gateway(Settings())
    async with gateway.opened(loaded=True):
        reader = gateway.catalogue.follower.reader(utc_now())
        [found] = reader.courses(CourseQuery(), Window(first=10)).nodes
    return found


def named(course: Course) -> dict[str, tuple[str, ...]]:
    """Return how an operator names what a course is, by each scope."""
    return {
        "course": (to_global_id(NodeKind.COURSE, course.id),),
        "offering": (to_global_id(NodeKind.OFFERING, course.offerings[0].id),),
        "institution": (to_global_id(NodeKind.INSTITUTION, course.institution.id),),
        "partner": (course.offerings[0].partner,),
        "category": (course.category.code if course.category else "",),
        "delivery_mode": ("SELF_PACED",),
        "bundle": (),
    }


def mitra(*words: str) -> tuple[int, str]:
    """Return with what the command ends, and what it prints."""
    done = CliRunner().invoke(app, ["blocks", *words])
    return done.exit_code, done.output


def test_whatever_a_course_is_can_be_blocked(course: Course):
    for scope, value in named(course).items():
        assert mitra("add", scope, *value, *WHY)[0] == 0, scope

    assert mitra("list")[1].count("in force") == 7


def test_what_is_not_there_is_not_blocked(course: Course):
    del course

    status, said = mitra("add", "course", "nobody", *WHY)

    assert (status, said.strip()) == (1, "There is no such course.")


def test_a_number_that_none_can_have_is_refused(course: Course):
    del course

    assert mitra("lift", str(2**31), "--reason", "reviewed")[0] == 2
