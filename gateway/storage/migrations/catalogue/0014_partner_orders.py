"""What operators order about partners."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "catalogue_0014"
down_revision = "catalogue_0013"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "partner_order",
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("sync_asked_at", Instant),
        sa.Column("paused_at", Instant),
        sa.PrimaryKeyConstraint("partner", name="pk_partner_order"),
        schema="catalogue",
    )
