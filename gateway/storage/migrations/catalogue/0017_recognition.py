"""By which rules what is stored was recognised."""

import sqlalchemy as sa
from alembic import op

revision = "catalogue_0017"
down_revision = "catalogue_0016"


def upgrade() -> None:
    """Create the table; without a row everything will be recognised once."""
    op.create_table(
        "recognition",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("rules", sa.String(32), nullable=False),
        sa.Column("after", sa.String(36)),
        sa.PrimaryKeyConstraint("id", name="pk_recognition"),
        schema="catalogue",
    )
