"""Many rows or values in one statement, in the words of the engine at hand.

On PostgreSQL they travel as one parameter, so the text of a statement does not change with
their number and the server plans it once.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    String,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

_ROWS = bindparam("rows", type_=Text)


def is_one_of(
    connection: Connection, element: ColumnElement[str], values: Iterable[str]
) -> ColumnElement[bool]:
    """Return the condition that a text is one of `values`."""
    if connection.dialect.name == "sqlite":
        return element.in_(list(values))
    return element == any_(_texts(values))


def is_one_row_of(
    connection: Connection, elements: Sequence[ColumnElement[str]], rows: Sequence[Sequence[str]]
) -> ColumnElement[bool]:
    """Return the condition that texts, side by side, are one of `rows`."""
    if connection.dialect.name == "sqlite":
        return tuple_(*elements).in_([tuple(row) for row in rows])
    columns = (_texts(row[place] for row in rows) for place in range(len(elements)))
    return tuple_(*elements).in_(select(*(func.unnest(texts) for texts in columns)))


def insert_all(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    replacing: tuple[str, ...] = (),
) -> None:
    """Insert rows that all name the same columns, in one statement where triggers see them.

    A row that is there already under its `replacing` columns is replaced; without them it is
    an error.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        connection.execute(_sqlite_insert(table, names, replacing), list(rows))
    else:
        connection.execute(
            _postgres_insert(table, names, replacing), {"rows": orjson.dumps(list(rows)).decode()}
        )


def _texts(values: Iterable[str]) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(String))


@cache
def _sqlite_insert(table: Table, names: tuple[str, ...], replacing: tuple[str, ...]) -> Any:
    return _replacing(sqlite.insert(table), names, replacing)


@cache
def _postgres_insert(table: Table, names: tuple[str, ...], replacing: tuple[str, ...]) -> Any:
    """Let the server take the rows apart: `NULL::table` says what their columns are."""
    shape: ColumnElement[Any] = literal_column(f"NULL::{table.fullname}")
    told = func.json_populate_recordset(shape, cast(_ROWS, postgresql.JSON)).table_valued(
        *map(column, names), name="told"
    )
    rows = select(*(told.c[name] for name in names))
    return _replacing(postgresql.insert(table).from_select(names, rows), names, replacing)


def _replacing(statement: Any, names: tuple[str, ...], replacing: tuple[str, ...]) -> Any:
    if not replacing:
        return statement
    told = {name: statement.excluded[name] for name in names if name not in replacing}
    return statement.on_conflict_do_update(index_elements=replacing, set_=told)
