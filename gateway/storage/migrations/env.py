"""Alembic's entry: run the versions over the connection that `gateway.storage.migrate` gives.

Versions name their schema (`op.create_table(..., schema="catalogue")`); SQLite's engine
translates it away.  Write a version by hand, named `NNNN_what.py`, revision `catalogue_NNNN` or
`ledger_NNNN`; a test compares what it builds with the tables that the code declares.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema=context.config.attributes["version_table_schema"],
)
context.run_migrations()
