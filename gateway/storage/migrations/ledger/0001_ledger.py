"""The ledger's first tables."""

revision = "ledger_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
