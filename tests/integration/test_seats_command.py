"""`mitra seats set` over an embedded catalogue: seats are of sessions that there are."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.catalogue.sync import CatalogueSync
from gateway.cli import app
from schema.ids import NodeKind, to_global_id
from schema.model.catalogue import Session
from schema.model.values import RemoteId
from tests.catalogue import NOON, TOKOPEDIA, ScriptedPartner, a_partner, an_offering
from tests.databases import SqliteTemplates

SESSION = Session(TOKOPEDIA, RemoteId("july"), NOON + timedelta(days=90))
DATED = an_offering("1", sessions=(SESSION,))
UNDATED = an_offering("2", "Desain Grafis")


@pytest.fixture(autouse=True)
def data_dir(
    sqlite_templates: SqliteTemplates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A data folder with a catalogue of two offerings, and an empty ledger."""
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MITRA_PROFILE", "development")
    sqlite_templates.open("ledger", tmp_path).close()
    database = sqlite_templates.open("catalogue", tmp_path)
    partner = ScriptedPartner([DATED, UNDATED])
    asyncio.run(CatalogueSync(partner, database, lambda: NOON).sync(a_partner()))
    database.close()
    return tmp_path


def mitra(*words: str) -> tuple[int, str]:
    """Return with what the command ends, and what it prints."""
    done = CliRunner().invoke(app, ["seats", *words])
    return done.exit_code, done.output


def test_seats_of_a_session_that_the_catalogue_has_are_set():
    named = to_global_id(NodeKind.SESSION, SESSION.id)

    assert mitra("set", named, "20") == (0, "0 of 20 seats taken, 0 may wait\n")


def test_a_session_that_is_ours_stays_so_when_the_catalogue_has_it_no_more(data_dir: Path):
    mitra("set", SESSION.id, "20")
    (data_dir / "catalogue.sqlite3").unlink()

    assert mitra("set", SESSION.id, "25") == (0, "0 of 25 seats taken, 0 may wait\n")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        pytest.param(DATED.id, f"sessions:\n{SESSION.id}\t2026-05-31 12:00 UTC", id="offering"),
        pytest.param(
            to_global_id(NodeKind.OFFERING, DATED.id), SESSION.id, id="offering-by-global-id"
        ),
        pytest.param(UNDATED.id, "an offering without sessions", id="offering-without-sessions"),
        pytest.param("july", "given an offering's id, this command", id="nothing"),
    ],
)
def test_what_is_no_session_is_refused_with_what_could_be_named(named: str, said: str):
    code, output = mitra("set", named, "20")

    assert (code, said in output) == (1, True), output
    assert mitra("list") == (0, "")
