"""The audit trail's own tables: acts that leave no other row, and the head of the chain.

The trail is the rows of `audit_record`, `enrolment_event` and `entry`, in the order of their
`seal`.  They are written in the transaction of what they record; triggers let nobody change or
delete them, but for the one sealing.
"""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from gateway.storage.columns import Instant
from gateway.storage.ledger_tables import LEDGER, index_seals, seal_columns

audit_record = Table(
    "audit_record",
    LEDGER,
    Column("id", String(36), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),  # who, as their token or their terminal names them
    Column("act", String(40), nullable=False),
    Column("target", Text, nullable=False),
    Column("details", Text, nullable=False),  # canonical JSON without personal data
    *seal_columns(),
)
index_seals(audit_record)

# One row: how far the chain reaches.  Its lock makes sealers take turns.
audit_head = Table(
    "audit_head",
    LEDGER,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)
