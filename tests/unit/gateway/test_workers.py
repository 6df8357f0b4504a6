"""How many processes serve is told by the command line or the environment."""

import pytest
from typer.testing import CliRunner

from gateway import cli
from gateway import serve as processes


@pytest.mark.parametrize(("arguments", "expected"), [((), 2), (("--workers", "3"), 3)])
def test_the_command_line_goes_before_the_environment(monkeypatch, arguments, expected):
    monkeypatch.setenv("MITRA_WORKERS", "2")
    told = []
    monkeypatch.setattr(processes, "serve", told.append)

    result = CliRunner().invoke(cli.app, ["serve", *arguments])

    assert result.exit_code == 0, result.output
    assert [settings.workers for settings in told] == [expected]


def test_no_process_at_all_is_refused():
    assert CliRunner().invoke(cli.app, ["serve", "--workers", "0"]).exit_code == 2
