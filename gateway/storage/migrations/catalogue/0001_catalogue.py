"""The catalogue's first tables."""

revision = "catalogue_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
