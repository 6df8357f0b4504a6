"""Whatever happens in whatever order: money is never lost, made, or spent twice."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway.storage.engine import Database, database_url
from tests.databases import PostgresTemplates, SqliteTemplates
from tests.integration.enrolment.ledger_machine import LedgerMachine


@pytest.fixture(params=["sqlite", "postgresql"])
def open_ledger(request: pytest.FixtureRequest) -> Callable[[], Database]:
    """What opens a migrated, empty ledger."""
    if request.param == "sqlite":
        files: SqliteTemplates = request.getfixturevalue("sqlite_templates")
        return partial(files.open, "ledger")
    server: PostgresTemplates = request.getfixturevalue("postgres_templates")
    return lambda: Database(database_url(server.create("ledger"), Path(), "ledger"), "ledger")


def test_the_ledger_holds_whatever_happens(
    open_ledger: Callable[[], Database], request: pytest.FixtureRequest
):
    class Machine(LedgerMachine):
        pass

    Machine.open_ledger = staticmethod(open_ledger)  # type: ignore[assignment]
    is_quick = "sqlite" in request.node.callspec.id
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25 if is_quick else 8,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
