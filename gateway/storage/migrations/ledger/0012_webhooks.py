"""Webhooks: partners' secrets, messages and signals; subscriptions and their deliveries."""

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "ledger_0012"
down_revision = "ledger_0011"


def upgrade() -> None:
    """Create the tables."""
    _create_incoming()
    _create_webhook_subscription()
    _create_webhook_delivery()


def _create_incoming() -> None:
    _create(
        "webhook_secret",
        sa.Column("id", sa.String(10), nullable=False),
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("retired_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_secret"),
    )
    _index("webhook_secret", "partner", ["partner"])
    _index("webhook_secret", "version", ["key_version"])
    _create(
        "webhook_message",
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("partner", "message_id", name="pk_webhook_message"),
    )
    _index("webhook_message", "at", ["at"])
    _create(
        "webhook_signal",
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("signals", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("partner", "reference", name="pk_webhook_signal"),
    )
    _index("webhook_signal", "next", ["next_attempt_at"])


def _create_webhook_subscription() -> None:
    _create(
        "webhook_subscription",
        sa.Column("id", sa.String(10), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("statuses", sa.JSON, nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("reached", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", Instant, nullable=False),
        sa.Column("failing_since", Instant),
        sa.Column("failure", sa.Text),
        sa.Column("disabled_at", Instant),
        sa.Column("disabled_for", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_subscription"),
    )
    _index("webhook_subscription", "version", ["key_version"])


def _create_webhook_delivery() -> None:
    _create(
        "webhook_delivery",
        sa.Column("subscription_id", sa.String(10), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", Instant),
        sa.Column("failure", sa.Text),
        sa.PrimaryKeyConstraint("subscription_id", "number", name="pk_webhook_delivery"),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["ledger.webhook_subscription.id"],
            name="fk_webhook_delivery_subscription_id",
        ),
    )
    _index("webhook_delivery", "next", ["subscription_id", "next_attempt_at"])


def _create(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(name, *parts, schema="ledger")


def _index(table: str, name: str, columns: list[str]) -> None:
    op.create_index(f"ix_{table}_{name}", table, columns, schema="ledger")
