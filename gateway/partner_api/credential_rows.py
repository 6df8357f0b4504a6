"""What tables of partners' credentials have alike: ids, their order, and becoming worthless.

`SEALED_GONE` is what is left of a sealed secret once nobody may use it.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select, update

from schema.model.codes import ALPHABET

ID_LENGTH = 8
SEALED_GONE: Mapping[str, Any] = {"sealed": b"", "key_version": 0}


def new_id() -> str:
    """Return an id that is easily read out."""
    return "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))


def read_in_order(connection: Connection, table: Table) -> Sequence[Row[Any]]:
    """Return every row, the oldest of a partner first."""
    row = table.c
    return connection.execute(select(table).order_by(row.partner, row.created_at, row.id)).all()


def retire(
    connection: Connection,
    table: Table,
    row_id: str,
    now: datetime,
    gone: Mapping[str, Any] = SEALED_GONE,
) -> Row[Any] | None:
    """Make a credential worthless and leave `gone` of what is secret; None if none is in use."""
    mine = (table.c.id == row_id, table.c.retired_at.is_(None))
    changed = update(table).where(*mine).values(retired_at=now, **gone)
    return connection.execute(changed.returning(table)).first()
