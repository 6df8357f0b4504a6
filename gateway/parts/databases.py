"""Where the two databases are."""

from gateway.settings import Settings
from gateway.storage.engine import Database, database_url


def open_database(settings: Settings, schema: str) -> Database:
    """Return the "catalogue" or the "ledger"; nothing is connected before it is asked."""
    return Database(database_url(settings.database_url, settings.data_dir, schema), schema)
