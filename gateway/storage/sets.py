"""Many rows or values in one statement, in the words of the engine at hand.

They travel as one parameter, so the text of a statement does not change with their number: a
server plans it once, and SQLite, whose connections each keep the last 128 texts as programs, does
not keep one for each number.  Inserts are compiled once, too, and given to the driver:
SQLAlchemy's own way would cost more than they do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    Text,
    TextClause,
    TextualSelect,
    all_,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

_ROWS = bindparam("rows", type_=Text)


def is_one_of(
    connection: Connection, element: ColumnElement[str], values: Iterable[str]
) -> ColumnElement[bool]:
    """Return the condition that a text is one of `values`."""
    if connection.dialect.name != "sqlite":
        return element == any_(_texts(values))
    return element.in_(_values(values))


def is_none_of(
    connection: Connection, element: ColumnElement[str], values: Iterable[str]
) -> ColumnElement[bool]:
    """Return the condition that a text is none of `values`; to negate the other leaves circles."""
    if connection.dialect.name != "sqlite":
        return element != all_(_texts(values))
    return element.not_in(_values(values))


def is_one_row_of(
    connection: Connection, elements: Sequence[ColumnElement[str]], rows: Sequence[Sequence[str]]
) -> ColumnElement[bool]:
    """Return the condition that texts, side by side, are one of `rows`."""
    row = _side_by_side(*elements)
    if connection.dialect.name == "sqlite":  # it would scan the table for a list of VALUES
        places = [f"json_extract(value, '$[{place}]')" for place in range(len(elements))]
        told = _told(", ".join(places), [list(row) for row in rows])
        return row.in_(told.columns(*(column(place, Text) for place in places)))
    columns = (_texts(row[place] for row in rows) for place in range(len(elements)))
    return row.in_(select(*(func.unnest(texts) for texts in columns)))


def _values(values: Iterable[str]) -> TextualSelect:
    # SQLite ends what JSON tells at a NUL, which no text of ours has.
    told = [each for each in values if "\0" not in each]
    return _told("value", told).columns(column("value", Text))


def _told(shown: str, values: Sequence[Any]) -> TextClause:
    """Return what SQLite reads out of `values`.

    As text: made of expressions it would take twice as long, and leave a hundred objects in
    circles each time.
    """
    told = bindparam("told", orjson.dumps(values).decode(), Text, unique=True)
    return text(f"SELECT {shown} FROM json_each(:told)").bindparams(told)  # noqa: S608 - our words


_side_by_side = cache(tuple_)


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
        _sqlite_insert(table, names, replacing)(connection, rows)
    else:
        told = {_ROWS.key: orjson.dumps(list(rows)).decode()}
        connection.exec_driver_sql(_postgres_insert(table, names, replacing), told)


def read_by_index(connection: Connection) -> None:
    """Have tables read by index alone until the commit; SQLite has no other way in mind.

    That is right for a handful of rows; a plan that was made, and kept, while a table was empty
    would read all of it.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")


def _texts(values: Iterable[str]) -> ColumnElement[Any]:
    return literal(list(values), ARRAY(String))


@cache
def _sqlite_insert(
    table: Table, names: tuple[str, ...], replacing: tuple[str, ...]
) -> Callable[[Connection, Sequence[Mapping[str, Any]]], None]:
    """Let the driver repeat the statement."""
    dialect = sqlite.dialect()
    unqualified = Table(table.name, MetaData(), *(Column(c.name, c.type) for c in table.c))
    insert = _replacing(sqlite.insert(unqualified), names, replacing)
    compiled = insert.compile(dialect=dialect, column_keys=list(names))
    statement, ordered = str(compiled), compiled.positiontup or ()
    types = [table.c[name].type.dialect_impl(dialect) for name in ordered]
    adapters = [each.bind_processor(dialect) or _as_it_is for each in types]
    columns = list(zip(ordered, adapters, strict=True))

    def insert_rows(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        adapted = [tuple(adapt(row[name]) for name, adapt in columns) for row in rows]
        connection.exec_driver_sql(statement, adapted)

    return insert_rows


def _as_it_is(value: Any) -> Any:
    return value


@cache
def _postgres_insert(table: Table, names: tuple[str, ...], replacing: tuple[str, ...]) -> str:
    """Let the server take the rows apart: `NULL::table` says what their columns are."""
    shape: ColumnElement[Any] = literal_column(f"NULL::{table.fullname}")
    told = func.json_populate_recordset(shape, cast(_ROWS, postgresql.JSON))
    columns = told.table_valued(*map(column, names), name="told").c
    rows = select(*(columns[name] for name in names))
    insert = _replacing(postgresql.insert(table).from_select(names, rows), names, replacing)
    return str(insert.compile(dialect=psycopg.dialect()))  # type: ignore[no-untyped-call]


def _replacing(statement: Any, names: tuple[str, ...], replacing: tuple[str, ...]) -> Any:
    if not replacing:
        return statement
    told = {name: statement.excluded[name] for name in names if name not in replacing}
    return statement.on_conflict_do_update(index_elements=replacing, set_=told)
