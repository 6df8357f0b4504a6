"""What is blocked is what the blocks in force name: no offering says so of itself any more."""

import sqlalchemy as sa
from alembic import op

revision = "catalogue_0018"
down_revision = "catalogue_0017"


def upgrade() -> None:
    """Drop the mark, and note which revisions are a block's; of earlier ones it is not known."""
    schema = None if op.get_bind().dialect.name == "sqlite" else "catalogue"
    op.create_table(
        "block_revision",
        sa.Column("number", sa.Integer, autoincrement=False),
        sa.PrimaryKeyConstraint("number", name="pk_block_revision"),
        schema=schema,
    )
    for columns in (
        ["course_id", "withdrawn", "approval", "partner"],
        ["partner", "withdrawn", "approval"],
    ):
        op.create_index(f"ix_offering_{'_'.join(columns)}", "offering", columns, schema=schema)
    # Last: nobody reads offerings from here until the commit.
    for columns in (["course_id"], ["partner", "withdrawn"]):
        op.drop_index(f"ix_offering_{'_'.join(columns)}", "offering", schema=schema)
    op.drop_column("offering", "blocked", schema=schema)
