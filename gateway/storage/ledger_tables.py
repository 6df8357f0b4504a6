"""The ledger's tables: learners, money, enrolments, and what is still to be told to partners.

Money is double entry: a movement is two `entry` rows that sum to zero, and its id says
what it is for ("capture:<enrolment>"), so that it cannot be posted twice.  Triggers keep the
sums of one learner's rows beside the learner, where they can never be negative; no row is
shared by all learners, for it would serialise them.

Events and entries are audited: rows that are only added.  The sealer gives each its place in
the chain (`seal`, `seal_hash`) soon after its commit; see `audit_tables`.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from gateway.storage.columns import Instant
from schema.model.enrolment import LIVE

LEDGER = MetaData(
    schema="ledger",
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    },
)

KEY_LENGTH = 255  # of idempotency keys and opaque references from outside


def seal_columns() -> tuple[Column[Any], Column[Any]]:
    """Return the columns of a row's place in the audit chain; null until it is sealed."""
    return Column("seal", BigInteger), Column("seal_hash", LargeBinary(32))


def index_seals(table: Table) -> None:
    """Index what waits to be sealed, oldest first, and what is sealed, in order."""
    waiting, sealed = table.c.seal.is_(None), table.c.seal.is_not(None)
    Index(f"ix_{table.name}_unsealed", table.c.at, sqlite_where=waiting, postgresql_where=waiting)
    Index(
        f"uq_{table.name}_seal",
        table.c.seal,
        unique=True,
        sqlite_where=sealed,
        postgresql_where=sealed,
    )


learner = Table(
    "learner",
    LEDGER,
    Column("id", String(KEY_LENGTH), primary_key=True),
    Column("scheme", String(40), nullable=False),
    Column("announced_on", Date, nullable=False),
    Column("birth_date", Date),
    Column("in_formal_education", Boolean, nullable=False),
    Column("provisioned_at", Instant, nullable=False),
    # sums of the learner's entries by account, kept by a trigger; nobody else writes them
    Column("spendable", BigInteger, nullable=False, server_default="0"),
    Column("held", BigInteger, nullable=False, server_default="0"),
    Column("paid", BigInteger, nullable=False, server_default="0"),
    Column("erased_at", Instant),  # personal data is gone; the reference stays for the ledger
    CheckConstraint("spendable >= 0", name="spendable"),
    CheckConstraint("held >= 0", name="held"),
    CheckConstraint("paid >= 0", name="paid"),
)

enrolment = Table(
    "enrolment",
    LEDGER,
    Column("id", String(36), primary_key=True),
    Column("learner_id", ForeignKey(learner.c.id), nullable=False),
    Column("status", String(20), nullable=False),
    Column("version", Integer, nullable=False),  # counts the events; a change names the one it saw
    Column("course_id", String(36), nullable=False),
    Column("offering_id", String(36), nullable=False),
    Column("offering_key", Text, nullable=False),  # what the partner calls them, as it was then
    Column("session_id", String(36)),
    Column("session_key", Text),
    Column("partner", String(40), nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reference", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expected_by", Instant),
    Column("settled_at", Instant),  # when the partner's answer was recorded: it counts the seat
    Column("partner_reference", Text),
    Column("redeem_code", Text),
    Column("access_url", Text),
    Column("certificate_url", Text),
    Column("completed_at", Instant),
    Column("rated_at", Instant),  # by the learner: the next purchase waits for it
    Column("hold_until", Instant),  # what is not sent by then gives money and seat back
    Column("sent_at", Instant),  # from when on the partner may know of it
    Column("resumes_as", String(20)),  # the status before CANCEL_REQUESTED
    Column("cancelled_by", String(20)),  # the actor who wanted it
    Column("redeemed_at", Instant),
    Column("certificate_reference", Text),
    Column("rating", Integer),
    Column("institution_id", String(36)),  # these four as the catalogue told them at purchase
    Column("institution_name", Text),
    Column("category", Text),
    Column("region_code", Text),
    Column("teaching", String(20)),  # how and when it takes place, as told at purchase
    Column("starts_at", Text),  # ISO 8601: the days of the place need its offset
    Column("ends_at", Text),
    Column("lapses_at", Instant),  # when to look whether it has lapsed unused
    CheckConstraint("price >= 0", name="price"),
)
_is_live = enrolment.c.status.in_(sorted(LIVE))
Index(
    "uq_enrolment_live",
    enrolment.c.learner_id,
    enrolment.c.course_id,
    unique=True,
    sqlite_where=_is_live,
    postgresql_where=_is_live,
)
Index("ix_enrolment_created", enrolment.c.created_at, enrolment.c.id)
Index("ix_enrolment_newest", enrolment.c.learner_id, enrolment.c.created_at, enrolment.c.id)
Index(
    "ix_enrolment_seats",
    enrolment.c.session_id,
    sqlite_where=enrolment.c.session_id.is_not(None),
    postgresql_where=enrolment.c.session_id.is_not(None),
)
Index(
    "ix_enrolment_hold",
    enrolment.c.hold_until,
    sqlite_where=enrolment.c.status.in_(["RESERVED", "WAITLISTED"]),
    postgresql_where=enrolment.c.status.in_(["RESERVED", "WAITLISTED"]),
)
Index(
    "ix_enrolment_waiting",
    enrolment.c.session_id,
    enrolment.c.created_at,
    sqlite_where=enrolment.c.status == "WAITLISTED",
    postgresql_where=enrolment.c.status == "WAITLISTED",
)
Index(
    "ix_enrolment_review",
    enrolment.c.created_at,
    enrolment.c.id,
    sqlite_where=enrolment.c.status == "MANUAL_REVIEW",
    postgresql_where=enrolment.c.status == "MANUAL_REVIEW",
)
Index(
    "ix_enrolment_lapsing",
    enrolment.c.lapses_at,
    sqlite_where=enrolment.c.status.in_(["ACTIVE", "CONFIRMED"]),
    postgresql_where=enrolment.c.status.in_(["ACTIVE", "CONFIRMED"]),
)
Index(
    "ix_enrolment_redeem",
    enrolment.c.partner,
    enrolment.c.redeem_code,
    sqlite_where=enrolment.c.redeem_code.is_not(None),
    postgresql_where=enrolment.c.redeem_code.is_not(None),
)

enrolment_event = Table(
    "enrolment_event",
    LEDGER,
    Column("enrolment_id", ForeignKey(enrolment.c.id), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 1: the enrolment's version after it
    Column("at", Instant, nullable=False),
    Column("before", String(20)),
    Column("after", String(20), nullable=False),
    Column("actor", String(20), nullable=False),
    Column("cause", Text, nullable=False),
    *seal_columns(),
)
index_seals(enrolment_event)

entry = Table(
    "entry",
    LEDGER,
    Column("movement", String(KEY_LENGTH + 60), primary_key=True),
    Column("account", String(20), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("learner_id", ForeignKey(learner.c.id), nullable=False),
    Column("enrolment_id", ForeignKey(enrolment.c.id)),
    Column("amount", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    *seal_columns(),
    CheckConstraint("amount <> 0", name="amount"),
)
index_seals(entry)
Index("ix_entry_balance", entry.c.learner_id, entry.c.account, entry.c.amount)

idempotency_key = Table(
    "idempotency_key",
    LEDGER,
    Column("learner_id", ForeignKey(learner.c.id), primary_key=True),
    Column("mutation", String(40), primary_key=True),
    Column("key", String(KEY_LENGTH), primary_key=True),
    Column("input_hash", String(64), nullable=False),
    Column("enrolment_id", ForeignKey(enrolment.c.id)),
    Column("refusals", JSON, nullable=False),  # a list of `Refusal`s as objects; [] = accepted
    Column("created_at", Instant, nullable=False),
)
Index("ix_idempotency_key_age", idempotency_key.c.created_at)

# A row is one errand to a partner.  `next_step` is what to do if its holder vanishes now: a row
# is ASK from before its bytes leave until it is known that nothing came of them.
outbox = Table(
    "outbox",
    LEDGER,
    Column("enrolment_id", ForeignKey(enrolment.c.id), primary_key=True),
    Column("operation", String(20), primary_key=True),
    Column("partner", String(40), nullable=False),
    Column("next_step", String(10), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("lease_holder", String(80)),
    Column("lease_until", Instant),
)
Index("ix_outbox_due", outbox.c.next_attempt_at)

lease = Table(
    "lease",
    LEDGER,
    Column("name", String(40), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("until", Instant, nullable=False),
)

# A block is never deleted.  Its id is the number that the log gave to its beginning.
block = Table(
    "block",
    LEDGER,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("scope", String(20), nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("letter", Text, nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", Text),
    Column("lift_reason", Text),
)
Index("ix_block_target", block.c.scope, block.c.value)

# Every change of a block, numbered in the order of commits: what the catalogue follows.
block_log = Table(
    "block_log",
    LEDGER,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("block_id", ForeignKey(block.c.id), nullable=False),
    Column("kind", String(10), nullable=False),  # BLOCKED or LIFTED
    Column("at", Instant, nullable=False),
)
