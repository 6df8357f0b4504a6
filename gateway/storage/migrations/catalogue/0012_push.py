"""Lists that partners push: upload sessions, and what deltas withdraw."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "catalogue_0012"
down_revision = "catalogue_0007"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "push_session",
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("stored_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("partner", "session", name="pk_push_session"),
        schema="catalogue",
    )
    op.create_table(
        "push_withdrawal",
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("offering_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "offering_id", name="pk_push_withdrawal"),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["catalogue.sync_run.id"],
            name="fk_push_withdrawal_run_id",
            ondelete="CASCADE",
        ),
        schema="catalogue",
    )
