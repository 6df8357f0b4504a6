"""`mitra bench catalogue` on a small list, through real HTTP and processes of its own."""

from pathlib import Path

import orjson
from typer.testing import CliRunner

from gateway.cli import app


def test_a_small_benchmark_prints_and_stores_its_figures(tmp_path: Path):
    out = tmp_path / "figures.json"
    options = ["--sizes", "400", "--skip", "visible,enrol,search", "--out", str(out)]

    result = CliRunner().invoke(app, ["bench", "catalogue", *options])

    assert result.exit_code == 0, result.output
    assert "unchanged, told by 304" in result.output
    assert "block on the partner" in result.output
    [catalogue] = orjson.loads(out.read_bytes())["catalogues"]
    sync = catalogue["sync"]
    assert (sync["full"]["added"], sync["full"]["revision"]) == (400, 1)
    assert sync["not_modified"]["not_modified"]
    assert (sync["hashes"]["unchanged"], sync["hashes"]["written"]) == (400, 0)
    assert sync["hashes"]["revision"] == 1  # no news, no revision
    assert (sync["change"]["written"], sync["change"]["revision"]) == (4, 2)
    assert catalogue["block"]["courses"] == 400


def test_a_size_that_is_no_number_is_refused_with_what_to_type():
    result = CliRunner().invoke(app, ["bench", "catalogue", "--sizes", "many"])

    assert result.exit_code == 2
