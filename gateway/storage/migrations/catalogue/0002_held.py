"""Lists that are held for an operator, and the fields that lists have."""

import sqlalchemy as sa
from alembic import op

revision = "catalogue_0002"
down_revision = "catalogue_0001"


def upgrade() -> None:
    """Create the tables, and say of each partner what is held."""
    # SQLite has no schemas, and altering a table does not translate its name.
    schema = None if op.get_bind().dialect.name == "sqlite" else "catalogue"
    for column in (
        sa.Column("held_run", sa.Integer(), nullable=True),
        sa.Column("withheld_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withheld_reason", sa.Text(), nullable=True),
    ):
        op.add_column("partner_status", column, schema=schema)
    op.create_table(
        "seen_field",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["catalogue.sync_run.id"], name="fk_seen_field_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "origin", "name", name="pk_seen_field"),
        schema="catalogue",
    )
    op.create_table(
        "held_list",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("alarms", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["catalogue.sync_run.id"], name="fk_held_list_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_held_list"),
        sa.UniqueConstraint("partner", name="uq_held_list_partner"),
        schema="catalogue",
    )
    op.create_table(
        "rejected_list",
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("partner", "content_hash", name="pk_rejected_list"),
        schema="catalogue",
    )
