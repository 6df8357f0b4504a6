"""The catalogue's tables of lists that partners push: sessions, and what deltas withdraw."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from gateway.storage.catalogue_tables import CATALOGUE
from gateway.storage.columns import Instant

SESSION_LENGTH = 64

# One upload, in as many requests as it takes; its rows are staged under its run.
push_session = Table(
    "push_session",
    CATALOGUE,
    Column("partner", String(40), primary_key=True),
    Column("session", String(SESSION_LENGTH), primary_key=True),
    Column("mode", String(10), nullable=False),
    Column("run_id", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),  # stored, bad ones included
    Column("bytes", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),  # see `gateway.push.sessions.State`
    Column("outcome", Text),  # the last line that was answered, as JSON
    Column("started_at", Instant, nullable=False),
    Column("stored_at", Instant, nullable=False),
)

# Offerings that a delta takes back; it goes when the run goes.
push_withdrawal = Table(
    "push_withdrawal",
    CATALOGUE,
    Column(
        "run_id",
        ForeignKey("catalogue.sync_run.id", ondelete="CASCADE"),
        primary_key=True,
        nullable=False,
    ),
    Column("offering_id", String(36), primary_key=True),
)
