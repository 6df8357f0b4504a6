"""`mitra enrolments review` and `mitra seats` over an embedded ledger, as an operator types it."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from schema.ids import NodeKind, to_global_id
from schema.model.enrolment import Enrolment
from tests.databases import SqliteTemplates
from tests.integration.enrolment.builders import Programme
from tests.integration.enrolment.delivering import in_review


@pytest.fixture(autouse=True)
def ledger(
    sqlite_templates: SqliteTemplates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Enrolment:
    """An embedded ledger with one enrolment that waits for a person."""
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    database = sqlite_templates.open("ledger", tmp_path)
    record = asyncio.run(in_review(Programme(database), seats=3))
    database.close()
    return record


def mitra(*words: str, fails: bool = False) -> str:
    """Return what the command prints."""
    done = CliRunner().invoke(app, list(words))
    assert (done.exit_code != 0) is fails, (done.output, done.exception)
    return done.output


def test_an_operator_lists_and_settles(ledger: Enrolment):
    named = to_global_id(NodeKind.ENROLMENT, ledger.id)
    listed = mitra("enrolments", "review")

    settled = mitra("enrolments", "review", "reject", named, "--reason", "not booked")

    assert ledger.id in listed
    assert "too many attempts" in listed
    assert listed.endswith("1 waiting\n")
    assert settled == f"{ledger.id}\tREJECTED\n"
    assert mitra("enrolments", "review") == "0 waiting\n"
    nothing = mitra("enrolments", "review", "acknowledge", named, "--reason", "why", fails=True)
    assert "does not disagree" in nothing
    again = mitra("enrolments", "review", "confirm", ledger.id, "--reason", "why", fails=True)
    assert "REJECTED and waits for no decision" in again


@pytest.mark.parametrize("reason", ["", "x" * 201, "a\x1bb"])
def test_a_decision_has_a_reason(ledger: Enrolment, reason: str):
    mitra("enrolments", "review", "confirm", ledger.id, "--reason", reason, fails=True)

    assert mitra("enrolments", "review").endswith("1 waiting\n")


def test_an_operator_sets_seats(ledger: Enrolment):
    assert ledger.session_id is not None
    set_to = mitra("seats", "set", ledger.session_id, "5", "--waiting", "2")
    too_few = mitra("seats", "set", ledger.session_id, "0", fails=True)

    assert set_to == "1 of 5 seats taken, 2 may wait\n"
    assert "1 seats are taken" in too_few
    assert mitra("seats", "list") == f"{ledger.session_id}\t1/5\t0 waiting\n"
