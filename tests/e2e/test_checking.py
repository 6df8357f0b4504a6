"""`mitra check` against a partner's sandbox, and sandbox partners that misbehave on order."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Mitra, running


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mitra]:
    """The sandbox alone, without a gateway."""
    with running(tmp_path_factory.mktemp("mitra"), "sandbox") as mitra:
        yield mitra


def booked(mitra: Mitra, code: str) -> int:
    told = mitra.data_dir / f"sandbox-book-{code}.jsonl"
    return len(told.read_text().splitlines()) if told.exists() else 0


def test_a_good_partner_scores_full_marks_and_is_only_read(sandbox: Mitra):
    said = sandbox.command("check", "tokopedia")

    assert "tokopedia: score 100 of 100" in said
    assert "books nothing without --enrol" in said
    assert booked(sandbox, "tokopedia") == 0


def test_a_test_booking_is_made_under_our_prefix_and_given_back(sandbox: Mitra, tmp_path):
    file = tmp_path / "report.json"

    sandbox.command("check", "pintaria", "--enrol", "--json", str(file))

    report = json.loads(file.read_text())
    marks = {each["check"]: each["mark"] for each in report["checks"]}
    assert (report["score"], report["failed"]) == (100, 0)
    assert marks["books one reference once"] == marks["takes it back"] == "passed"
    book = (sandbox.data_dir / "sandbox-book-pintaria.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in book]
    assert {entry["reference"].startswith("mitra-check-") for entry in entries} == {True}
    assert entries[-1]["receipt"]["status"] == "cancelled"


def test_a_row_that_cannot_be_read_is_named_with_what_to_do(sandbox: Mitra, tmp_path):
    file = tmp_path / "report.json"

    said = sandbox.command("check", "sekolahmu", "--json", str(file), fails=True)

    assert "1 failed" in said
    [wrong] = [each for each in json.loads(file.read_text())["checks"] if each["mark"] == "failed"]
    assert "course could not be loaded" in wrong["reason"]
    assert wrong["advice"].startswith("Correct these rows")


def test_a_partner_that_misbehaves_fails_until_it_is_calm_again(sandbox: Mitra):
    told = sandbox.command("sandbox", "fault", "bukalapak", "html", "--on", "reading")
    failed = sandbox.command("check", "bukalapak", fails=True)
    struck = sandbox.command("sandbox", "faults", "bukalapak")
    sandbox.command("sandbox", "calm", "bukalapak")

    assert "mitra sandbox calm bukalapak" in told
    assert "its answer is not JSON" in failed
    assert "struck 1 of 1 requests" in struck
    assert "score 100 of 100" in sandbox.command("check", "bukalapak")


def test_what_cannot_be_done_is_said(sandbox: Mitra):
    assert "'nobody' is not a partner" in sandbox.command("check", "nobody", fails=True)
    unknown = sandbox.command("sandbox", "fault", "tokopedia", "gremlins", fails=True)
    assert "mitra sandbox faults" in unknown
    assert "gzip_bomb" in sandbox.command("sandbox", "faults")
