"""When a course was completed and rated: what the rule on the next purchase asks for."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0003"
down_revision = "ledger_0002"


def upgrade() -> None:
    """Add the columns."""
    # Alembic's ALTER TABLE does not know SQLite's translation of schemas.
    schema = None if op.get_bind().dialect.name == "sqlite" else "ledger"
    for name in ("completed_at", "rated_at"):
        op.add_column("enrolment", sa.Column(name, Instant), schema=schema)
