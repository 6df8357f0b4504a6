"""What is done once a day by whichever process comes first, and the day it was done last."""

from sqlalchemy import Column, Date, String, Table

from gateway.storage.ledger_tables import LEDGER

daily_work = Table(
    "daily_work",
    LEDGER,
    Column("name", String(40), primary_key=True),
    Column("done_on", Date, nullable=False),  # the programme's day
)
