"""What stood before blocks were known can be blocked after the migration, on both engines."""

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, Table, insert, select

from gateway.catalogue.records import to_payload
from gateway.storage import catalogue_tables as tables
from gateway.storage import migrate
from gateway.storage.engine import Database, database_url
from schema.model.catalogue import Category
from schema.model.values import DeliveryMode
from tests.catalogue import NOON, an_offering
from tests.integration.conftest import ENGINES

SOLD = an_offering("1", category=Category("kopi", "Kopi"), delivery_mode=DeliveryMode.ONSITE)
FORMER = {
    "institution": {"id": "I1", "match_key": "i", "name": "LKP Kopi"},
    "course": {
        "id": "C1", "match_key": "c", "institution_id": "I1", "founding_offering_id": SOLD.id,
        "created_at": NOON, "is_live": True, "changed_run": 1,
    },
    "offering": {
        "id": SOLD.id, "partner": SOLD.partner, "key": SOLD.key, "course_id": "C1",
        "match_key": "c", "content_hash": "h", "payload": to_payload(SOLD), "withdrawn": False,
        "added_run": 1, "changed_run": 1, "changed_at": NOON,
    },
}  # fmt: skip


def upgrade_to(database: Database, version: str) -> None:
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {database.schema}")
        config = migrate._config(database.schema)
        config.attributes["connection"] = connection
        config.attributes["version_table_schema"] = migrate.version_table_schema(database)
        command.upgrade(config, version)


def fill(connection: Connection, database: Database) -> None:
    schema = None if database.is_sqlite else database.schema
    for name, row in FORMER.items():
        table = Table(name, MetaData(schema=schema), autoload_with=connection)
        connection.execute(insert(table).values(row))


@pytest.mark.parametrize("engine", ENGINES)
def test_offerings_are_told_from_their_payloads(engine: str, request, tmp_path):
    on_server = engine == "postgresql"
    configured = request.getfixturevalue("postgres_url") if on_server else None
    database = Database(database_url(configured, tmp_path, "catalogue"), "catalogue")
    upgrade_to(database, "catalogue_0001")
    with database.engine.begin() as connection:
        fill(connection, database)

    upgrade_to(database, "head")

    with database.engine.begin() as connection:
        row = connection.execute(select(tables.offering)).one()
    database.close()
    assert (row.category, row.delivery_mode, row.bundle) == ("kopi", "ONSITE", False)
    assert row.approval == "APPROVED"
