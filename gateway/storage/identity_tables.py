"""The ledger's table of partners' API keys: digests alone, of keys that nobody can guess."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from gateway.storage.columns import Instant
from gateway.storage.ledger_tables import LEDGER

partner_api_key = Table(
    "partner_api_key",
    LEDGER,
    Column("id", String(10), primary_key=True),
    Column("partner", String(40), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("retired_at", Instant),
)
Index("ix_partner_api_key_partner", partner_api_key.c.partner)
