"""The migrations build what the code declares, however often they run."""

from gateway.storage.engine import Database
from gateway.storage.migrate import is_current, upgrade


def test_a_migrated_catalogue_is_current(catalogue_db: Database):
    assert is_current(catalogue_db)


def test_a_migrated_ledger_is_current(ledger_db: Database):
    assert is_current(ledger_db)


def test_migrating_again_changes_nothing(catalogue_db: Database):
    upgrade(catalogue_db)

    assert is_current(catalogue_db)
