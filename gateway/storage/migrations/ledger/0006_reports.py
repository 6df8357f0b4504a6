"""What reports group enrolments by, and the tables of reconciliation."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0006"
down_revision = "ledger_0005"

_FIGURES = ("ours", "theirs", "captured")


def upgrade() -> None:
    """Add the columns and create the tables."""
    # Alembic's ALTER TABLE does not know SQLite's translation of schemas.
    schema = None if op.get_bind().dialect.name == "sqlite" else "ledger"
    for column in (
        sa.Column("institution_id", sa.String(36)),
        sa.Column("institution_name", sa.Text),
        sa.Column("category", sa.Text),
        sa.Column("region_code", sa.Text),
    ):
        op.add_column("enrolment", column, schema=schema)
    op.create_index("ix_enrolment_created", "enrolment", ["created_at", "id"], schema="ledger")
    _create_reports()
    _create_drifts()
    _create_statement_lines()


def _create_reports() -> None:
    figures = [
        column
        for name in _FIGURES
        for column in (
            sa.Column(name, sa.Integer, nullable=False),
            sa.Column(f"{name}_amount", sa.BigInteger, nullable=False),
        )
    ]
    op.create_table(
        "reconciliation",
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("failed", sa.Text),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant, nullable=False),
        sa.Column("enrolments", sa.Integer, nullable=False),
        sa.Column("open", sa.Integer, nullable=False),
        *figures,
        sa.PrimaryKeyConstraint("partner", "day", name="pk_reconciliation"),
        schema="ledger",
    )
    op.create_index("ix_reconciliation_day", "reconciliation", ["day"], schema="ledger")


def _create_drifts() -> None:
    op.create_table(
        "reconciliation_drift",
        *_run_columns(),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("enrolment_id", sa.String(36)),
        sa.Column("ours", sa.String(20)),
        sa.Column("theirs", sa.String(20)),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("detail", sa.Text),
        sa.PrimaryKeyConstraint("partner", "day", "run", "number", name="pk_reconciliation_drift"),
        schema="ledger",
    )


def _create_statement_lines() -> None:
    op.create_table(
        "statement_line",
        *_run_columns(),
        sa.Column("listed_on", sa.Date, nullable=False),
        sa.Column("reference", sa.String(255), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("price", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("partner_reference", sa.Text),
        sa.PrimaryKeyConstraint("partner", "day", "run", "number", name="pk_statement_line"),
        schema="ledger",
    )
    op.create_index(
        "ix_statement_line_reference", "statement_line", ["reference", "run"], schema="ledger"
    )


def _run_columns() -> list[sa.Column[object]]:
    """Return the columns that say which run a row belongs to."""
    return [
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
    ]
