"""The operator's commands: see what is held, decide, and see what became of it."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.catalogue.sync import CatalogueSync
from gateway.cli import app
from tests.catalogue import NOON, ScriptedPartner, a_partner, offerings
from tests.databases import SqliteTemplates


@pytest.fixture
def data_dir(
    sqlite_templates: SqliteTemplates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A data directory with ten offerings of Tokopedia, and a held list of three."""
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("MITRA_DATABASE_URL", raising=False)
    monkeypatch.delenv("MITRA_PARTNERS", raising=False)
    database = sqlite_templates.open("catalogue", tmp_path)
    for count in (10, 3):
        sync = CatalogueSync(ScriptedPartner(offerings(count)), database, lambda: NOON)
        asyncio.run(sync.sync(a_partner()))
    database.close()
    return tmp_path


WHY = ["--reason", "seen it"]


def mitra(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["partners", *arguments])


@pytest.mark.usefixtures("data_dir")
def test_what_is_held_is_shown_with_how_to_decide():
    said = mitra("held").output

    assert said.startswith("tokopedia\trun 2\theld since 2026-03-02 12:00 UTC\n")
    assert "WITHDRAWAL: would withdraw 7 of 10 offerings" in said
    assert "3 rows: 0 new, 0 changed, 3 unchanged, 7 withdrawn, 0 quarantined" in said
    assert said.count("withdrawn ") >= 5
    assert "mitra partners approve tokopedia --run 2" in said


@pytest.mark.usefixtures("data_dir")
def test_approving_applies_it():
    done = mitra("approve", "tokopedia", "--run", "2", "--reason", "seen it")

    assert (done.exit_code, done.output) == (0, "tokopedia: run 2 is applied: revision 2\n")
    assert mitra("held").output == "nothing is held\n"
    newest, _ = mitra("runs", "tokopedia").output.splitlines()
    assert "\tAPPLIED\t1 pages, 3 rows: 0 new, 0 changed, 3 unchanged, 7 withdrawn" in newest


@pytest.mark.usefixtures("data_dir")
def test_rejecting_discards_it():
    done = mitra("reject", "tokopedia", "--run", "2", "--reason", "seen it")

    assert done.exit_code == 0
    assert done.output == "tokopedia: run 2 is discarded; the last good catalogue stays\n"
    assert mitra("held").output == "nothing is held\n"


@pytest.mark.usefixtures("data_dir")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["approve", "tokopedia", "--run", "2"], "Missing option '--reason'"),
        (["reject", "tokopedia", "--run", "2", "--reason", " "], "1 to 500 printable"),
        (["approve", "tokopedia", "--run", "1", *WHY], "run 1 is not held, or no longer"),
        (["approve", "pintaria", "--run", "2", *WHY], "run 2 is of tokopedia, not of pintaria"),
        (["reject", "tokopedia", *WHY], "name what you decide on: --run 2"),
        (["approve", "pintaria", *WHY], "nothing of 'pintaria' is held"),
    ],
)
def test_a_decision_that_names_something_else_changes_nothing(arguments: list[str], said: str):
    done = mitra(*arguments)

    assert done.exit_code != 0
    assert said in done.output
    assert "run 2" in mitra("held").output
