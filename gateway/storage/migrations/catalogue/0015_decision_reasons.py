"""Why operators decided as they did about lists and links."""

import sqlalchemy as sa
from alembic import op

revision = "catalogue_0015"
down_revision = "catalogue_0014"


def upgrade() -> None:
    """Add the column; decisions of before have no reason."""
    schema = None if op.get_bind().dialect.name == "sqlite" else "catalogue"
    op.add_column("decision", sa.Column("reason", sa.Text), schema=schema)
