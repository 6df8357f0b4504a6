"""The ledger's tables for webhooks: partners' to us, and ours to subscribed systems.

Secrets are sealed by a key from outside the database, as partners' sign keys are.  No payload
is kept: what we send is made anew from the event feed, and so is the same at every attempt.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from gateway.storage.columns import Instant
from gateway.storage.ledger_tables import LEDGER

MESSAGE_ID_LENGTH = 200

# What a partner signs its webhooks with; several are good at once.
webhook_secret = Table(
    "webhook_secret",
    LEDGER,
    Column("id", String(10), primary_key=True),
    Column("partner", String(40), nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("retired_at", Instant),
)
Index("ix_webhook_secret_partner", webhook_secret.c.partner)
Index("ix_webhook_secret_version", webhook_secret.c.key_version)

# Messages that were carried out: the same one again is not.
webhook_message = Table(
    "webhook_message",
    LEDGER,
    Column("partner", String(40), primary_key=True),
    Column("message_id", String(MESSAGE_ID_LENGTH), primary_key=True),
    Column("at", Instant, nullable=False),
)
Index("ix_webhook_message_at", webhook_message.c.at)

# Enrolments that an unsigned webhook was about: the partner is asked, and then the row is gone.
webhook_signal = Table(
    "webhook_signal",
    LEDGER,
    Column("partner", String(40), primary_key=True),
    Column("reference", String(64), primary_key=True),
    Column("signals", BigInteger, nullable=False),  # rises with every signal
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
)
Index("ix_webhook_signal_next", webhook_signal.c.next_attempt_at)

# A system that is told what happens; `reached` is the event up to which it was.
webhook_subscription = Table(
    "webhook_subscription",
    LEDGER,
    Column("id", String(10), primary_key=True),
    Column("url", Text, nullable=False),
    Column("statuses", JSON, nullable=False),  # which events; empty: all
    Column("key_version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("reached", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),  # in a row that all failed
    Column("next_attempt_at", Instant, nullable=False),
    Column("failing_since", Instant),
    Column("failure", Text),  # of the last attempt
    Column("disabled_at", Instant),
    Column("disabled_for", Text),
)
Index("ix_webhook_subscription_version", webhook_subscription.c.key_version)

# Single events that could not be delivered while others could, and those to be sent again.
webhook_delivery = Table(
    "webhook_delivery",
    LEDGER,
    Column("subscription_id", ForeignKey(webhook_subscription.c.id), primary_key=True),
    Column("number", BigInteger, primary_key=True),  # of the event in the feed
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant),  # null: given up
    Column("failure", Text),
)
Index(
    "ix_webhook_delivery_next",
    webhook_delivery.c.subscription_id,
    webhook_delivery.c.next_attempt_at,
)
