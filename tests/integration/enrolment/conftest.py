"""The programme around a real ledger, on both engines."""

from collections.abc import Callable
from functools import partial

import pytest

from gateway.enrolment.rules.book import built_in_rules
from gateway.storage.engine import Database
from tests.databases import SqliteTemplates
from tests.integration.enrolment.builders import Programme


@pytest.fixture
def programme(ledger_db: Database) -> Programme:
    """A programme with nothing on sale and no learners yet."""
    return Programme(ledger_db)


@pytest.fixture
def strict_programme(ledger_db: Database) -> Programme:
    """A programme with the rules that come with Mitra: one course at a time."""
    return Programme(ledger_db, rules=built_in_rules())


@pytest.fixture
def a_ledger(sqlite_templates: SqliteTemplates) -> Callable[[], Database]:
    """How to get an empty ledger of one's own."""
    return partial(sqlite_templates.open, "ledger")
