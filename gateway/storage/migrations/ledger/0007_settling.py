"""Seats of our own, partners' reports, disagreements and attendance."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0007"
down_revision = "ledger_0006"


def upgrade() -> None:
    """Create the tables, and add what enrolments and events carry."""
    _widen_enrolment()
    _create_quota()
    _create_partner_report()
    _create_disagreement()
    _create_attendance()


def _widen_enrolment() -> None:
    for column in (
        sa.Column("hold_until", Instant),
        sa.Column("sent_at", Instant),
        sa.Column("resumes_as", sa.String(20)),
        sa.Column("cancelled_by", sa.String(20)),
        sa.Column("redeemed_at", Instant),
        sa.Column("certificate_reference", sa.Text),
        sa.Column("rating", sa.Integer),
    ):
        op.add_column("enrolment", column, schema=_altered_schema())
    for name, columns, statuses in (
        ("ix_enrolment_hold", ["hold_until"], "RESERVED', 'WAITLISTED"),
        ("ix_enrolment_waiting", ["session_id", "created_at"], "WAITLISTED"),
        ("ix_enrolment_review", ["created_at", "id"], "MANUAL_REVIEW"),
    ):
        only = sa.text(f"status IN ('{statuses}')")
        op.create_index(
            name, "enrolment", columns, schema="ledger", sqlite_where=only, postgresql_where=only
        )
    # What is under way may have been sent already: a partner's report about it is believed.
    table = sa.table(
        "enrolment",
        sa.column("sent_at", Instant),
        sa.column("created_at", Instant),
        sa.column("status", sa.String(20)),
        schema=_altered_schema(),
    )
    op.execute(
        table.update().where(table.c.status != "RESERVED").values(sent_at=table.c.created_at)
    )


def _create_quota() -> None:
    op.create_table(
        "quota",
        sa.Column("session_id", sa.String(36), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.Column("waiting_places", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_quota"),
        sa.CheckConstraint("taken >= 0", name="ck_quota_taken"),
        sa.CheckConstraint("capacity >= 0", name="ck_quota_capacity"),
        schema="ledger",
    )


def _create_partner_report() -> None:
    op.create_table(
        "partner_report",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("told", sa.JSON, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("is_parked", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_partner_report"),
        schema="ledger",
    )
    op.create_index(
        "ix_partner_report_reference", "partner_report", ["partner", "reference"], schema="ledger"
    )
    only = sa.text("is_parked")
    op.create_index(
        "ix_partner_report_parked",
        "partner_report",
        ["reference"],
        schema="ledger",
        sqlite_where=only,
        postgresql_where=only,
    )


def _create_disagreement() -> None:
    op.create_table(
        "disagreement",
        sa.Column("enrolment_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("noted_at", Instant, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "kind", name="pk_disagreement"),
        _of_an_enrolment("disagreement"),
        schema="ledger",
    )


def _create_attendance() -> None:
    op.create_table(
        "attendance",
        sa.Column("enrolment_id", sa.String(36), nullable=False),
        sa.Column("meeting", sa.Integer, nullable=False),
        sa.Column("attended", sa.Boolean, nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "meeting", name="pk_attendance"),
        _of_an_enrolment("attendance"),
        schema="ledger",
    )


def _of_an_enrolment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["enrolment_id"], ["ledger.enrolment.id"], name=f"fk_{table}_enrolment_id"
    )


def _altered_schema() -> str | None:
    """Return the schema for `ALTER TABLE`, which is not translated for SQLite."""
    return "ledger" if op.get_bind().dialect.name == "postgresql" else None
