"""Partners' words on what we do not know yet, kept until we do."""

from sqlalchemy import Boolean, Column, Integer, String, Table

from gateway.storage.columns import Instant
from gateway.storage.ledger_tables import LEDGER

parked_attendance = Table(
    "parked_attendance",
    LEDGER,
    Column("partner", String(40), primary_key=True),
    Column("reference", String(64), primary_key=True),
    Column("meeting", Integer, primary_key=True),
    Column("attended", Boolean, nullable=False),
    Column("occurred_at", Instant, nullable=False),  # the newest word on a meeting stands
)
