"""The catalogue's table of what operators have decided about lists and links."""

from sqlalchemy import Column, Integer, String, Table, Text

from gateway.storage.catalogue_tables import CATALOGUE
from gateway.storage.columns import Instant

# Rows are only added, in the transaction that does what they say.
decision = Table(
    "decision",
    CATALOGUE,
    Column("id", Integer, primary_key=True),
    Column("kind", String(30), nullable=False),  # see `CatalogueDecisionKind`
    Column("targets", Text, nullable=False),  # a JSON list of what the operator named
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("outcome", String(36)),
    Column("about", Text),
    Column("reason", Text),
)
