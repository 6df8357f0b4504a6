"""`mitra partners account` tells people what became of every row."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import cli
from gateway.app import Gateway
from gateway.settings import Settings
from schema.model.values import PartnerCode

BALAI = Path(__file__).parent / "feeds" / "balai" / "balai.toml"
SAID = """\
balai: 9 rows read = 2 offerings + 2 sessions + 2 duplicates + 1 left out by rule + 2 in quarantine

2 duplicates within a page
  courses: K-2
  runs: J-2

1 left out by the rule retired
  courses: K-3

2 in quarantine
  page 2 row 5\tK-2\truns: starts_at: 'soon' is not a time in the documented form
  joined at the end\tJ-3\tis a session of an offering that is not listed
"""


@pytest.fixture(autouse=True)
def at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MITRA_PARTNERS", str(BALAI))
    monkeypatch.setenv("MITRA_PROFILE", "development")
    monkeypatch.delenv("MITRA_DATABASE_URL", raising=False)


def test_every_row_is_told_with_its_reason():
    asyncio.run(Gateway(Settings()).sync_now([PartnerCode("balai")]))

    told = CliRunner().invoke(cli.app, ["partners", "account", "balai"])

    assert (told.exit_code, told.output) == (0, SAID)


def test_before_the_first_sync_there_is_nothing_to_tell():
    told = CliRunner().invoke(cli.app, ["partners", "account", "balai"])

    assert str(told.exception) == "nothing of balai has come in yet; try `mitra sync balai`"


def test_a_stranger_is_named():
    told = CliRunner().invoke(cli.app, ["partners", "account", "nobody"])

    assert told.exit_code == 2
    assert "'nobody' is not a partner" in told.output
