"""The ledger's tables for what comes after a wish: our own seats, partners' reports, attendance.

A partner's report is kept whatever became of it, so that those which come late, twice or in
any order lead to the same end: the newest one decides.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from gateway.storage.columns import Instant
from gateway.storage.ledger_tables import LEDGER, enrolment

# A session whose seats are ours to give; the partner's own count of it no longer matters.
quota = Table(
    "quota",
    LEDGER,
    Column("session_id", String(36), primary_key=True),
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("waiting_places", Integer, nullable=False),  # how many may wait for a seat
    CheckConstraint("taken >= 0", name="taken"),
    CheckConstraint("capacity >= 0", name="capacity"),
)

partner_report = Table(
    "partner_report",
    LEDGER,
    Column("id", String(64), primary_key=True),  # a digest of all that makes two reports equal
    Column("partner", String(40), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("version", BigInteger, nullable=False),  # 0: the partner does not count
    Column("occurred_at", Instant, nullable=False),
    Column("status", String(20), nullable=False),
    Column("told", JSON, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("is_parked", Boolean, nullable=False),  # about nothing that we have sent
)
Index("ix_partner_report_reference", partner_report.c.partner, partner_report.c.reference)
Index(
    "ix_partner_report_parked",
    partner_report.c.reference,
    sqlite_where=partner_report.c.is_parked,
    postgresql_where=partner_report.c.is_parked,
)

# What does not agree between a partner and us, and no machine may decide.
disagreement = Table(
    "disagreement",
    LEDGER,
    Column("enrolment_id", ForeignKey(enrolment.c.id), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("noted_at", Instant, nullable=False),
    Column("detail", Text, nullable=False),
)

attendance = Table(
    "attendance",
    LEDGER,
    Column("enrolment_id", ForeignKey(enrolment.c.id), primary_key=True),
    Column("meeting", Integer, primary_key=True),  # from 1
    Column("attended", Boolean, nullable=False),
    Column("occurred_at", Instant, nullable=False),  # the newest word on a meeting stands
)
