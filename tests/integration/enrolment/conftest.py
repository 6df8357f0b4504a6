"""The programme around a real ledger, on both engines."""

import pytest

from gateway.storage.engine import Database
from tests.integration.enrolment.builders import Programme


@pytest.fixture
def programme(ledger_db: Database) -> Programme:
    """A programme with nothing on sale and no learners yet."""
    return Programme(ledger_db)
