"""Who decided what about lists and links."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "catalogue_0013"
down_revision = "catalogue_0012"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("targets", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("outcome", sa.String(36)),
        sa.Column("about", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        schema="catalogue",
    )
