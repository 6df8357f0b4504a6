"""`mitra links` over an embedded catalogue, as an operator types it."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.catalogue.drafts import institution_id
from gateway.catalogue.sync import CatalogueSync
from gateway.cli import app
from tests.catalogue import NOON, PINTARIA, ScriptedPartner, a_partner, an_offering
from tests.databases import SqliteTemplates

BARISTA = an_offering("1", "Barista untuk Pemula")
SPELLED = "Lembaga Kursus dan Pelatihan Kopi Nusantara"
SAME = an_offering("A", "BARISTA utk Pemula", SPELLED, partner=PINTARIA)


@pytest.fixture(autouse=True)
def catalogue(
    sqlite_templates: SqliteTemplates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An embedded catalogue of one course at two partners."""
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    database = sqlite_templates.open("catalogue", tmp_path)
    for offering in (BARISTA, SAME):
        sync = CatalogueSync(ScriptedPartner([offering]), database, lambda: NOON)
        asyncio.run(sync.sync(a_partner(offering.partner)))
    database.close()


def mitra(*words: str, fails: int = 0) -> str:
    """Return what the command prints."""
    done = CliRunner().invoke(app, ["links", *words])
    assert done.exit_code == fails, (done.output, done.exception)
    return done.output


def test_an_operator_lists_splits_and_merges():
    assert "abbreviation: utk" in mitra("list")

    split = mitra("split", SAME.id).split()[-1]
    course = mitra("confirm", BARISTA.id).split()[-1]
    merged = mitra("merge", split, course).split()[-1]

    assert split != course
    assert merged == course
    assert "2 of 2 links" in mitra("list")
    assert mitra("likely") == ""


def test_an_operator_splits_an_institution_and_decisions_are_told():
    institution = institution_id(BARISTA.listed.institution)

    names = mitra("spellings", institution)
    split = mitra(
        *("split-institution", institution, SPELLED, "--by", "rina", "--reason", "two schools")
    )
    told = mitra("decisions")

    assert [line.split("\t")[3:] for line in names.splitlines()] == [
        ["LKP Kopi Nusantara", "own name"],
        [SPELLED, "case and punctuation; legal form spelled otherwise: lkp"],
    ]
    assert split.split()[-1] == institution_id(SPELLED)
    [decision] = told.splitlines()
    assert decision.split("\t")[1:] == [
        *("rina", "INSTITUTION_SPLIT", institution, institution_id(SPELLED), SPELLED),
        "two schools",
    ]


def test_what_is_not_there_is_told():
    assert "there is no institution" in mitra("spellings", "nobody", fails=2)
    assert "NOT_FOUND" in mitra("split", "nobody", fails=1)
    assert "NOT_FOUND" in mitra("merge-institutions", "nobody", "noone", fails=1)


def test_all_can_be_recognised_anew_by_hand():
    course = mitra("list").splitlines()[0].split("\t")[3]

    assert mitra("recognise") == "1 institutions looked at, 0 courses changed\n"
    assert mitra("list").splitlines()[0].split("\t")[3] == course
