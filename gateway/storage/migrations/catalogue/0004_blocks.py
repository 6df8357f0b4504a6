"""By what offerings may be blocked, which blocks are followed, and who approved what."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from gateway.storage.columns import Instant

revision = "catalogue_0004"
down_revision = "catalogue_0003"

CHUNK = 1_000
_then = sa.MetaData(schema="catalogue")  # the tables as this version leaves them
_offering = sa.Table(
    "offering",
    _then,
    sa.Column("id", sa.String(36)),
    sa.Column("payload", sa.Text),
    sa.Column("category", sa.Text),
    sa.Column("delivery_mode", sa.String(20)),
    sa.Column("bundle", sa.Boolean),
)
_sync_run = sa.Table(
    "sync_run", _then, sa.Column("outcome", sa.String(16)), sa.Column("fingerprint", sa.String(32))
)
# What is staged lacks the new columns, so no run goes on where it was killed.
_NO_RESUMING = _sync_run.update().where(_sync_run.c.outcome == "RUNNING").values(fingerprint="")


def upgrade() -> None:
    """Add columns and tables; what stands is approved, and told from its payload."""
    _add_columns()
    _create_tables()
    op.get_bind().execute(_NO_RESUMING)
    for rows in _chunks(op.get_bind()):
        _fill(op.get_bind(), rows)


def _add_columns() -> None:
    # Alembic's ALTER TABLE does not know SQLite's translation of schemas.
    schema = None if op.get_bind().dialect.name == "sqlite" else "catalogue"
    for table in ("offering", "staged_offering"):
        op.add_column(table, sa.Column("category", sa.Text), schema=schema)
        op.add_column(
            table,
            sa.Column("delivery_mode", sa.String(20), nullable=False, server_default="UNKNOWN"),
            schema=schema,
        )
        op.add_column(
            table,
            sa.Column("bundle", sa.Boolean, nullable=False, server_default=sa.false()),
            schema=schema,
        )
    op.add_column(
        "offering",
        sa.Column("blocked", sa.Boolean, nullable=False, server_default=sa.false()),
        schema=schema,
    )
    op.add_column(
        "offering",
        sa.Column("approval", sa.String(10), nullable=False, server_default="APPROVED"),
        schema=schema,
    )
    op.create_index("ix_offering_category", "offering", ["category"], schema=schema)
    op.create_index("ix_offering_delivery_mode", "offering", ["delivery_mode"], schema=schema)
    op.create_index(
        "ix_offering_bundle",
        "offering",
        ["bundle"],
        schema=schema,
        sqlite_where=sa.text("bundle = 1"),
        postgresql_where=sa.text("bundle"),
    )


def _create_tables() -> None:
    state = op.create_table(
        "block_state",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_block_state"),
        schema="catalogue",
    )
    op.bulk_insert(state, [{"id": 1, "number": 0}])
    op.create_table(
        "block",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_block"),
        schema="catalogue",
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("offering_id", sa.String(36), nullable=False),
        sa.Column("approval", sa.String(10), nullable=False),
        sa.Column("decided_at", Instant, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approval"),
        schema="catalogue",
    )
    op.create_index("ix_approval_offering_id", "approval", ["offering_id"], schema="catalogue")
    op.create_table(
        "approval_mode",
        sa.Column("partner", sa.String(40), nullable=False),
        sa.Column("manual", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("partner", name="pk_approval_mode"),
        schema="catalogue",
    )


def _chunks(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """Give what the payloads of all offerings say, some at a time, in order of their ids."""
    last = ""
    while True:
        rows = connection.execute(
            sa.select(_offering.c.id, _offering.c.payload)
            .where(_offering.c.id > last)
            .order_by(_offering.c.id)
            .limit(CHUNK)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        yield [_told(row.id, json.loads(row.payload)) for row in rows]


def _told(offering_id: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "row_id": offering_id,
        "row_category": (payload["listed"].get("category") or {}).get("code"),
        "row_mode": payload.get("delivery_mode", "UNKNOWN"),
        "row_bundle": payload.get("bundle", False),
    }


def _fill(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(
        sa.update(_offering)
        .where(_offering.c.id == sa.bindparam("row_id"))
        .values(
            category=sa.bindparam("row_category"),
            delivery_mode=sa.bindparam("row_mode"),
            bundle=sa.bindparam("row_bundle"),
        ),
        rows,
    )
