"""The tables of reconciliation, in the ledger's database: reports, what they found, statements.

A run writes its drifts and the statement's lines under a name of its own, and becomes the
report of its partner and day in its last transaction; so a report is whole or not there.
"""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table, Text

from gateway.storage.columns import Instant
from gateway.storage.ledger_tables import KEY_LENGTH, LEDGER

reconciliation = Table(
    "reconciliation",
    LEDGER,
    Column("partner", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("run", String(36), nullable=False),  # whose drifts are this report's
    Column("failed", Text),  # why the last run did not end; the figures are of the one before
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=False),
    Column("enrolments", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("ours", Integer, nullable=False),
    Column("ours_amount", BigInteger, nullable=False),
    Column("theirs", Integer, nullable=False),
    Column("theirs_amount", BigInteger, nullable=False),
    Column("captured", Integer, nullable=False),
    Column("captured_amount", BigInteger, nullable=False),
)
Index("ix_reconciliation_day", reconciliation.c.day)

reconciliation_drift = Table(
    "reconciliation_drift",
    LEDGER,
    Column("partner", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("run", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("reference", Text, nullable=False),
    Column("enrolment_id", String(36)),
    Column("ours", String(20)),
    Column("theirs", String(20)),
    Column("amount", BigInteger, nullable=False),
    Column("detail", Text),
)

# What a partner has told, for as long as a run compares it.
statement_line = Table(
    "statement_line",
    LEDGER,
    Column("partner", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("run", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("listed_on", Date, nullable=False),  # the day whose statement has it
    Column("reference", String(KEY_LENGTH), nullable=False),
    Column("status", String(20), nullable=False),
    Column("price", BigInteger),
    Column("currency", String(3)),
    Column("partner_reference", Text),
)
Index("ix_statement_line_reference", statement_line.c.reference, statement_line.c.run)
