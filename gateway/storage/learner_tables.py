"""Learners' personal data: nothing of it in clear, and nothing that outlives its erasure.

`contact` is encrypted with a key of the learner's own, which is wrapped by a key from outside
the database; `national_id` holds keyed digests.  `private_key` says which outside keys were
used, so that a wrong one is noticed before it does harm.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from gateway.storage.columns import Instant
from gateway.storage.ledger_tables import LEDGER, learner

contact = Table(
    "contact",
    LEDGER,
    Column("learner_id", ForeignKey(learner.c.id), primary_key=True),
    Column("key_version", Integer, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)
Index("ix_contact_key_version", contact.c.key_version)

national_id = Table(
    "national_id",
    LEDGER,
    Column("key_version", Integer, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("learner_id", ForeignKey(learner.c.id), nullable=False),
)
Index("ix_national_id_learner", national_id.c.learner_id)

private_key = Table(
    "private_key",
    LEDGER,
    Column("purpose", String(20), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("fingerprint", LargeBinary(16), nullable=False),
)

# What a learner has agreed to, and what they have taken back: the last row of a purpose counts.
consent = Table(
    "consent",
    LEDGER,
    Column("learner_id", ForeignKey(learner.c.id), primary_key=True),
    Column("purpose", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("decision", String(10), nullable=False),  # GIVEN or WITHDRAWN
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
)
