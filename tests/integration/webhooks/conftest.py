"""The endpoint for partners' webhooks around a real ledger, on both engines."""

import pytest

from gateway.storage.engine import Database
from tests.integration.webhooks.partners import Hooks


@pytest.fixture
def hooks(ledger_db: Database) -> Hooks:
    """The endpoint with nothing on sale and no secrets yet."""
    return Hooks(ledger_db)
