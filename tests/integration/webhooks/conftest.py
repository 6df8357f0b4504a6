"""Webhooks, in and out, around a real ledger, on both engines."""

import pytest

from gateway.storage.engine import Database
from tests.integration.webhooks.outbound import Outbound
from tests.integration.webhooks.partners import Hooks


@pytest.fixture
def hooks(ledger_db: Database) -> Hooks:
    """The endpoint with nothing on sale and no secrets yet."""
    return Hooks(ledger_db)


@pytest.fixture
def outbound(ledger_db: Database) -> Outbound:
    """A programme without subscriptions yet."""
    return Outbound(ledger_db)
