"""`mitra partners pause` and `resume`, from the command line to the catalogue."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app

BALAI = Path(__file__).parents[1] / "feeds" / "balai" / "balai.toml"


def mitra(*arguments: str, fails: bool = False) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert (result.exit_code != 0) is fails, result.output
    return result.output


def test_a_partner_is_paused_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MITRA_PARTNERS", str(BALAI))
    monkeypatch.delenv("MITRA_DATABASE_URL", raising=False)

    mitra("partners", "pause", "balai", "--reason", "stocktaking", "--by", "rina")
    assert "paused" in mitra("sync", "balai", fails=True)
    assert "paused" in mitra("partners")
    mitra("partners", "pause", "nobody", "--reason", "stocktaking", fails=True)
    mitra("partners", "resume", "balai", "--reason", "done", "--by", "rina")

    assert "balai" in mitra("sync", "balai")
