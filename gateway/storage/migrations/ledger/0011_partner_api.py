"""Partners that call us: keys, requests, payment tokens, sales, e-mail marks."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0011"
down_revision = "ledger_0010"


def upgrade() -> None:
    """Create the tables, and find enrolments by redeem code."""
    _create_partner_key()
    _create_partner_request()
    _create_payment_token()
    _create_wrong_guess()
    _create_partner_sale()
    _create_course_email()
    only = sa.text("redeem_code IS NOT NULL")
    _index(
        "enrolment", "redeem", ["partner", "redeem_code"], sqlite_where=only, postgresql_where=only
    )


def _create_partner_key() -> None:
    _create(
        "partner_key",
        sa.Column("id", sa.String(10), nullable=False),
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("client_code", sa.String(40), nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("retired_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_partner_key"),
    )
    _index("partner_key", "client_code", ["client_code"])
    _index("partner_key", "version", ["key_version"])


def _create_partner_request() -> None:
    _create(
        "partner_request",
        sa.Column("client_code", sa.String(40), nullable=False),
        sa.Column("signature", sa.String(40), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("sealed", sa.LargeBinary),
        sa.PrimaryKeyConstraint("client_code", "signature", name="pk_partner_request"),
    )
    _index("partner_request", "at", ["at"])


def _create_payment_token() -> None:
    _create(
        "payment_token",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("learner_id", sa.String(255), nullable=False),
        sa.Column("offering_id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(36)),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("password", sa.LargeBinary(32), nullable=False),
        sa.Column("wrong_guesses", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_payment_token"),
        _refers("payment_token", "learner_id", "learner"),
        sa.CheckConstraint("amount >= 0", name="ck_payment_token_amount"),
    )
    _index("payment_token", "learner", ["learner_id", "created_at"])
    _index("payment_token", "expires", ["expires_at"])


def _create_wrong_guess() -> None:
    _create(
        "wrong_guess",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("learner_id", sa.String(255), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrong_guess"),
        _refers("wrong_guess", "learner_id", "learner"),
    )
    _index("wrong_guess", "learner", ["learner_id", "at"])
    _index("wrong_guess", "at", ["at"])


def _create_partner_sale() -> None:
    _create(
        "partner_sale",
        sa.Column("enrolment_id", sa.String(36), nullable=False),
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("invoice_code", sa.String(255), nullable=False),
        sa.Column("invoice_url", sa.Text),
        sa.Column("transaction_code", sa.String(26), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", name="pk_partner_sale"),
        _refers("partner_sale", "enrolment_id", "enrolment"),
        sa.UniqueConstraint("transaction_code", name="uq_partner_sale_transaction_code"),
        sa.UniqueConstraint("token_digest", name="uq_partner_sale_token_digest"),
        sa.UniqueConstraint("partner", "invoice_code", name="uq_partner_sale_invoice"),
    )


def _create_course_email() -> None:
    _create(
        "course_email",
        sa.Column("course_id", sa.String(36), nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("enrolment_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "key_version", "digest", name="pk_course_email"),
        _refers("course_email", "enrolment_id", "enrolment"),
    )
    _index("course_email", "enrolment", ["enrolment_id"])


def _create(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(name, *parts, schema="ledger")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"ledger.{other}.id"], name=name)


def _index(table: str, name: str, columns: list[str], **only: Any) -> None:
    op.create_index(f"ix_{table}_{name}", table, columns, schema="ledger", **only)
