"""A change log that can be followed by course, and forgets."""

import sqlalchemy as sa
from alembic import op

revision = "catalogue_0006"
down_revision = "catalogue_0004"


def upgrade() -> None:
    """Index the log by course, and remember since which revision it is kept."""
    op.create_index(
        "ix_change_log_course_id_revision",
        "change_log",
        ["course_id", "revision"],
        unique=False,
        schema="catalogue",
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"  # `ADD COLUMN` is not translated
    op.add_column(
        "revision",
        sa.Column("kept_since", sa.Integer(), server_default="0", nullable=False),
        schema=None if is_sqlite else "catalogue",
    )
