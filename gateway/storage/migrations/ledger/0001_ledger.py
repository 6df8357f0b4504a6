"""The ledger's first tables: learners, enrolments, money, keys and errands."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0001"
down_revision = None

LIVE = sa.text(
    "status IN ('ACTIVE', 'CANCEL_REQUESTED', 'COMPENSATING', 'CONFIRMED', 'IN_DOUBT', "
    "'MANUAL_REVIEW', 'PENDING_PARTNER', 'REQUESTED', 'RESERVED', 'SUBMITTING', 'WAITLISTED')"
)
HAS_SESSION = sa.text("session_id IS NOT NULL")


def upgrade() -> None:
    """Create the tables."""
    _create_learner()
    _create_enrolment()
    _create_enrolment_event()
    _create_entry()
    _create_idempotency_key()
    _create_errands()


def _create_learner() -> None:
    op.create_table(
        "learner",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("scheme", sa.String(40), nullable=False),
        sa.Column("announced_on", sa.Date, nullable=False),
        sa.Column("birth_date", sa.Date),
        sa.Column("in_formal_education", sa.Boolean, nullable=False),
        sa.Column("provisioned_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_learner"),
        schema="ledger",
    )


def _create_enrolment() -> None:
    op.create_table(
        "enrolment",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("learner_id", sa.String(255), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("course_id", sa.String(36), nullable=False),
        sa.Column("offering_id", sa.String(36), nullable=False),
        sa.Column("offering_key", sa.Text, nullable=False),
        sa.Column("session_id", sa.String(36)),
        sa.Column("session_key", sa.Text),
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expected_by", Instant),
        sa.Column("settled_at", Instant),
        sa.Column("partner_reference", sa.Text),
        sa.Column("redeem_code", sa.Text),
        sa.Column("access_url", sa.Text),
        sa.Column("certificate_url", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_enrolment"),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["ledger.learner.id"], name="fk_enrolment_learner_id"
        ),
        sa.UniqueConstraint("reference", name="uq_enrolment_reference"),
        sa.CheckConstraint("price >= 0", name="ck_enrolment_price"),
        schema="ledger",
    )
    op.create_index(
        "uq_enrolment_live",
        "enrolment",
        ["learner_id", "course_id"],
        unique=True,
        schema="ledger",
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index(
        "ix_enrolment_newest", "enrolment", ["learner_id", "created_at", "id"], schema="ledger"
    )
    op.create_index(
        "ix_enrolment_seats",
        "enrolment",
        ["session_id"],
        schema="ledger",
        sqlite_where=HAS_SESSION,
        postgresql_where=HAS_SESSION,
    )


def _create_enrolment_event() -> None:
    op.create_table(
        "enrolment_event",
        sa.Column("enrolment_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("before", sa.String(20)),
        sa.Column("after", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(20), nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "number", name="pk_enrolment_event"),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["ledger.enrolment.id"], name="fk_enrolment_event_enrolment_id"
        ),
        schema="ledger",
    )


def _create_entry() -> None:
    op.create_table(
        "entry",
        sa.Column("movement", sa.String(315), nullable=False),
        sa.Column("account", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("learner_id", sa.String(255), nullable=False),
        sa.Column("enrolment_id", sa.String(36)),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("movement", "account", name="pk_entry"),
        sa.ForeignKeyConstraint(["learner_id"], ["ledger.learner.id"], name="fk_entry_learner_id"),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["ledger.enrolment.id"], name="fk_entry_enrolment_id"
        ),
        sa.CheckConstraint("amount <> 0", name="ck_entry_amount"),
        schema="ledger",
    )
    op.create_index(
        "ix_entry_balance", "entry", ["learner_id", "account", "amount"], schema="ledger"
    )


def _create_idempotency_key() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("learner_id", sa.String(255), nullable=False),
        sa.Column("mutation", sa.String(40), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("input_hash", sa.String(64), nullable=False),
        sa.Column("enrolment_id", sa.String(36)),
        sa.Column("refusals", sa.JSON, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("learner_id", "mutation", "key", name="pk_idempotency_key"),
        sa.ForeignKeyConstraint(
            ["learner_id"], ["ledger.learner.id"], name="fk_idempotency_key_learner_id"
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["ledger.enrolment.id"], name="fk_idempotency_key_enrolment_id"
        ),
        schema="ledger",
    )
    op.create_index("ix_idempotency_key_age", "idempotency_key", ["created_at"], schema="ledger")


def _create_errands() -> None:
    op.create_table(
        "outbox",
        sa.Column("enrolment_id", sa.String(36), nullable=False),
        sa.Column("operation", sa.String(20), nullable=False),
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("next_step", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", Instant, nullable=False),
        sa.Column("lease_holder", sa.String(80)),
        sa.Column("lease_until", Instant),
        sa.PrimaryKeyConstraint("enrolment_id", "operation", name="pk_outbox"),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["ledger.enrolment.id"], name="fk_outbox_enrolment_id"
        ),
        schema="ledger",
    )
    op.create_index("ix_outbox_due", "outbox", ["next_attempt_at"], schema="ledger")
    op.create_table(
        "lease",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(80), nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
        schema="ledger",
    )
