"""Partners are asked page by page whether their lists have changed."""

import sqlalchemy as sa
from alembic import op

revision = "catalogue_0016"
down_revision = "catalogue_0015"


def upgrade() -> None:
    """Create the table; what was kept by list is forgotten, so each list is read once more."""
    op.create_table(
        "known_page",
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("reading", sa.Text, nullable=False),
        sa.Column("cursor", sa.Text),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.PrimaryKeyConstraint("partner", "number", name="pk_known_page"),
        schema="catalogue",
    )
    schema = None if op.get_bind().dialect.name == "sqlite" else "catalogue"
    has_validators = sa.Column(
        "has_validators", sa.Boolean, nullable=False, server_default=sa.false()
    )
    for column in (has_validators, sa.Column("etag", sa.Text), sa.Column("last_modified", sa.Text)):
        op.add_column("staged_page", column, schema=schema)
    for table in ("partner_status", "sync_run"):
        for name in ("etag", "last_modified"):
            op.drop_column(table, name, schema=schema)
