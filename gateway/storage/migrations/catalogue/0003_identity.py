"""Why offerings are one course: spellings, links, likely pairs and redirects."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "catalogue_0003"
down_revision = "catalogue_0002"


def upgrade() -> None:
    """Create the tables; what stands is recognised when it changes."""
    _create_spellings("institution_spelling", [])
    _create_spellings(
        "course_spelling", [sa.Column("course_key", sa.String(length=32), nullable=False)]
    )
    _index("institution_spelling", "institution_id")
    _index("course_spelling", "institution_id", "partner")
    op.create_table(
        "course_link",
        sa.Column("offering_id", sa.String(length=36), nullable=False),
        sa.Column("course_id", sa.String(length=36), nullable=False),
        *_likeness(),
        sa.Column("institution_rules", sa.Text(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("offering_id", name="pk_course_link"),
        schema="catalogue",
    )
    _index("course_link", "course_id")
    _index("course_link", "score", "offering_id")
    op.create_table(
        "likely_pair",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("match_key", sa.String(length=32), nullable=False),
        sa.Column("other_key", sa.String(length=32), nullable=False),
        *_likeness(),
        sa.PrimaryKeyConstraint("kind", "match_key", "other_key", name="pk_likely_pair"),
        schema="catalogue",
    )
    op.create_table(
        "redirect",
        sa.Column("old_id", sa.String(length=36), nullable=False),
        sa.Column("new_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("old_id", name="pk_redirect"),
        schema="catalogue",
    )
    _index("redirect", "new_id")
    is_sqlite = op.get_bind().dialect.name == "sqlite"  # its file is the schema
    op.add_column(
        "staged_offering",
        sa.Column("spelling_key", sa.String(length=32), nullable=True),
        schema=None if is_sqlite else "catalogue",
    )


def _create_spellings(name: str, target: list[sa.Column[Any]]) -> None:
    op.create_table(
        name,
        sa.Column("match_key", sa.String(length=32), nullable=False),
        *target,
        sa.Column("institution_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("partner", sa.String(length=40), nullable=False),
        sa.Column("compact_key", sa.BigInteger(), nullable=False),
        *(sa.Column(f"block_{n}", sa.BigInteger(), nullable=True) for n in (1, 2, 3)),
        *_likeness(),
        sa.PrimaryKeyConstraint("match_key", name=f"pk_{name}"),
        schema="catalogue",
    )
    for column in (*(each.name for each in target), "compact_key"):
        _index(name, column)
    for number in (1, 2, 3):
        _index(name, f"block_{number}")


def _likeness() -> list[sa.Column[Any]]:
    return [
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=10), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), schema="catalogue")
