"""When a bought course takes place and lapses; daily work; parked attendance."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0009"
down_revision = "ledger_0007"


def upgrade() -> None:
    """Add the columns; what is bought already is looked at once."""
    for column in (
        sa.Column("teaching", sa.String(20)),
        sa.Column("starts_at", sa.Text),
        sa.Column("ends_at", sa.Text),
        sa.Column("lapses_at", Instant),
    ):
        op.add_column("enrolment", column, schema=_altered_schema())
    only = sa.text("status IN ('ACTIVE', 'CONFIRMED')")
    op.create_index(
        "ix_enrolment_lapsing",
        "enrolment",
        ["lapses_at"],
        schema="ledger",
        sqlite_where=only,
        postgresql_where=only,
    )
    table = sa.table(
        "enrolment",
        sa.column("lapses_at", Instant),
        sa.column("created_at", Instant),
        sa.column("status", sa.String(20)),
        schema=_altered_schema(),
    )
    is_bought = table.c.status.in_(["ACTIVE", "CONFIRMED"])
    op.execute(table.update().where(is_bought).values(lapses_at=table.c.created_at))
    op.create_table(
        "daily_work",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("done_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_daily_work"),
        schema="ledger",
    )
    op.create_table(
        "parked_attendance",
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("meeting", sa.Integer, nullable=False),
        sa.Column("attended", sa.Boolean, nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("partner", "reference", "meeting", name="pk_parked_attendance"),
        schema="ledger",
    )


def _altered_schema() -> str | None:
    """Return the schema for `ALTER TABLE`, which is not translated for SQLite."""
    return "ledger" if op.get_bind().dialect.name == "postgresql" else None
