"""Offerings that may be one course, rules that join none, and what came of them."""

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import delete

from adapters.sandbox.generator import generate
from gateway.catalogue import courses_anew, institutions_anew, recognition, spellings
from gateway.catalogue.identity.choosing import Choice
from gateway.catalogue.identity.scores import Likeness
from gateway.storage import catalogue_tables as tables
from schema.model.catalogue import Offering
from schema.model.values import PartnerCode
from tests.catalogue import PINTARIA, ScriptedPartner, a_partner, an_offering
from tests.integration.catalogue.conftest import Workbench

on_sqlite = pytest.mark.parametrize("catalogue_db", ["sqlite"], indirect=True)  # its SQL is plain

KOPI, SPELLED = "LKP Kopi Nusantara", "Lembaga Kursus & Pelatihan Kopi Nusantara"
BARISTA = an_offering("1", "Barista untuk Pemula", KOPI)
SAME = an_offering("A", "BARISTA utk Pemula", SPELLED, partner=PINTARIA)
OTHER = an_offering("B", "Seduh Manual", SPELLED, partner=PINTARIA)
BUKALAPAK = PartnerCode("bukalapak")
BY = "rina"


@contextmanager
def rules_that_join_nothing() -> Iterator[None]:
    """Let every name be one of its own, whoever looks at it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spellings, "choose", lambda new, near, compare: Choice(new.target))
        patch.setattr(courses_anew, "compare_titles", _none)
        patch.setattr(institutions_anew, "compare_institutions", _none)
        patch.setattr(recognition, "rules_digest", lambda: "join nothing")
        yield


def _none(*_: object) -> Likeness | None:
    return None


async def partition(bench: Workbench) -> set[frozenset[str]]:
    """Return which offerings are one course, whatever its id."""
    courses: dict[object, set[str]] = {}
    for row in await bench.rows(tables.offering):
        courses.setdefault(row["course_id"], set()).add(str(row["id"]))
    return {frozenset(each) for each in courses.values()}


async def lists_all(bench: Workbench, listed: list[list[Offering]]) -> None:
    for shelf in listed:
        done = await bench.sync(
            ScriptedPartner(shelf), a_partner(shelf[0].partner), accept_alarm=True
        )
        assert done.failure is None


async def forget(bench: Workbench) -> None:
    for table in reversed(tables.CATALOGUE.sorted_tables):
        if table not in (tables.revision, tables.block_state):
            await bench.database.write(lambda c, table=table: c.execute(delete(table)) and None)


async def everything(bench: Workbench) -> dict[str, Sequence[object]]:
    names = ("offering", "course", "institution", "institution_spelling", "course_spelling",
             "course_link", "redirect", "change_log", "revision")  # fmt: skip
    return {name: await bench.rows(getattr(tables, name)) for name in names}


def shelves(seed: int, courses: Container[int], *codes: str) -> list[list[Offering]]:
    """Return what some sandbox partners list of some courses, spelled carelessly."""
    found = generate(seed, noise=True)
    return [
        [
            an_offering(row.key, row.title, row.institution, partner=PartnerCode(code))
            for row in found[PartnerCode(code)]
            if row.course in courses
        ]
        for code in codes
    ]
