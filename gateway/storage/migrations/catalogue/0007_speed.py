"""Offerings remember the raw row that they came of, so that the same row is not cleaned again."""

import sqlalchemy as sa
from alembic import op

revision = "catalogue_0007"
down_revision = "catalogue_0006"


def upgrade() -> None:
    """Add the raw hash; without one a row is cleaned and compared as before."""
    # ALTER TABLE knows no translated schema, so it is left out where there is none
    schema = None if op.get_bind().dialect.name == "sqlite" else "catalogue"
    for table in ("offering", "staged_offering"):
        column = sa.Column("raw_hash", sa.String(length=32), nullable=True)
        op.add_column(table, column, schema=schema)
