"""Partners' API keys for GraphQL."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0014"
down_revision = "ledger_0012"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "partner_api_key",
        sa.Column("id", sa.String(10), nullable=False),
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("retired_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_partner_api_key"),
        schema="ledger",
    )
    op.create_index("ix_partner_api_key_partner", "partner_api_key", ["partner"], schema="ledger")
