"""What tables of partners' sealed credentials have alike: they are listed, and made worthless."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select, update


def read_in_order(connection: Connection, table: Table) -> Sequence[Row[Any]]:
    """Return every row, the oldest of a partner first."""
    row = table.c
    return connection.execute(select(table).order_by(row.partner, row.created_at, row.id)).all()


def retire(connection: Connection, table: Table, row_id: str, now: datetime) -> Row[Any] | None:
    """Make a credential worthless and forget what was sealed; None if none is in use."""
    mine = (table.c.id == row_id, table.c.retired_at.is_(None))
    gone = {"retired_at": now, "sealed": b"", "key_version": 0}  # no need to keep it
    return connection.execute(update(table).where(*mine).values(gone).returning(table)).first()
