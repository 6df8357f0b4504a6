"""The ledger's tables for partners that call us: keys, requests, one-time passwords, sales.

No secret is kept in clear: sign keys and stored answers are sealed by a key from outside the
database; payment tokens are digests; one-time passwords and e-mail addresses are keyed digests.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.storage.columns import Instant
from gateway.storage.ledger_tables import KEY_LENGTH, LEDGER, enrolment, learner

CODE_LENGTH = 40  # of client codes

# Several keys of one partner are good at once, even under one client code.
partner_key = Table(
    "partner_key",
    LEDGER,
    Column("id", String(10), primary_key=True),
    Column("partner", String(40), nullable=False),
    Column("client_code", String(CODE_LENGTH), nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("retired_at", Instant),
)
Index("ix_partner_key_client_code", partner_key.c.client_code)
Index("ix_partner_key_version", partner_key.c.key_version)

# Writes that were asked for lately, by their signatures, and what was answered.
partner_request = Table(
    "partner_request",
    LEDGER,
    Column("client_code", String(CODE_LENGTH), primary_key=True),
    Column("signature", String(40), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("status", Integer),  # null until it is answered
    Column("sealed", LargeBinary),
)
Index("ix_partner_request_at", partner_request.c.at)

# A learner's intent to pay, and the one-time password that proves it.
payment_token = Table(
    "payment_token",
    LEDGER,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("partner", String(40), nullable=False),
    Column("learner_id", ForeignKey(learner.c.id), nullable=False),
    Column("offering_id", String(36), nullable=False),
    Column("session_id", String(36)),
    Column("amount", BigInteger, nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("password", LargeBinary(32), nullable=False),
    Column("wrong_guesses", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    CheckConstraint("amount >= 0", name="amount"),
)
Index("ix_payment_token_learner", payment_token.c.learner_id, payment_token.c.created_at)
Index("ix_payment_token_expires", payment_token.c.expires_at)

wrong_guess = Table(
    "wrong_guess",
    LEDGER,
    Column("id", Integer, primary_key=True),
    Column("learner_id", ForeignKey(learner.c.id), nullable=False),
    Column("at", Instant, nullable=False),
)
Index("ix_wrong_guess_learner", wrong_guess.c.learner_id, wrong_guess.c.at)
Index("ix_wrong_guess_at", wrong_guess.c.at)

# An enrolment that a partner sold on its own site; the invoice code is its idempotency key.
partner_sale = Table(
    "partner_sale",
    LEDGER,
    Column("enrolment_id", ForeignKey(enrolment.c.id), primary_key=True),
    Column("partner", String(40), nullable=False),
    Column("invoice_code", String(KEY_LENGTH), nullable=False),
    Column("invoice_url", Text),
    Column("transaction_code", String(26), nullable=False, unique=True),
    Column("token_digest", LargeBinary(32), nullable=False, unique=True),
    UniqueConstraint("partner", "invoice_code", name="uq_partner_sale_invoice"),
)

# Which e-mail address a course is attended under: one address, one enrolment per course.
course_email = Table(
    "course_email",
    LEDGER,
    Column("course_id", String(36), primary_key=True),
    Column("key_version", Integer, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("enrolment_id", ForeignKey(enrolment.c.id), nullable=False),
)
Index("ix_course_email_enrolment", course_email.c.enrolment_id)
