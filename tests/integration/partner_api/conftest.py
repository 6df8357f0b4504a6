"""The partner API around a real ledger, on both engines."""

import pytest

from gateway.storage.engine import Database
from tests.integration.partner_api.partners import Api


@pytest.fixture
def api(ledger_db: Database) -> Api:
    """The API with nothing on sale and no keys yet."""
    return Api(ledger_db)
