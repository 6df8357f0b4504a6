"""Central blocks, and the log that the catalogue follows."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0002"
down_revision = "ledger_0001"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "block",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("letter", sa.Text, nullable=False),
        sa.Column("effective_at", Instant, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("lifted_at", Instant),
        sa.Column("lifted_by", sa.Text),
        sa.Column("lift_reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_block"),
        schema="ledger",
    )
    op.create_index("ix_block_target", "block", ["scope", "value"], schema="ledger")
    op.create_table(
        "block_log",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("block_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_block_log"),
        sa.ForeignKeyConstraint(["block_id"], ["ledger.block.id"], name="fk_block_log_block_id"),
        schema="ledger",
    )
