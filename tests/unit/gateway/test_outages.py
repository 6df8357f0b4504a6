"""A database that fails for a while is told from one that was asked nonsense."""

import sqlite3
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import exc

from gateway.storage.outages import is_outage


def of_sqlite(code: int) -> Exception:
    error = sqlite3.OperationalError("told to nobody")
    error.sqlite_errorcode = code
    return exc.OperationalError("SELECT 1", None, error)


def of_postgres(kind: type[Exception], wrapped: type[exc.DBAPIError]) -> Exception:
    return wrapped("SELECT 1", None, kind("told to nobody"))


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(of_sqlite(sqlite3.SQLITE_BUSY), id="busy"),
        pytest.param(of_sqlite(sqlite3.SQLITE_FULL), id="disk-full"),
        pytest.param(of_sqlite(sqlite3.SQLITE_READONLY), id="read-only"),
        pytest.param(of_sqlite(sqlite3.SQLITE_IOERR), id="disk-broken"),
        pytest.param(of_postgres(psycopg.OperationalError, exc.OperationalError), id="gone"),
        pytest.param(
            of_postgres(psycopg.errors.AdminShutdown, exc.OperationalError), id="restarting"
        ),
        pytest.param(
            of_postgres(psycopg.errors.ReadOnlySqlTransaction, exc.InternalError), id="replica"
        ),
        pytest.param(exc.TimeoutError("told to nobody"), id="no-connection-free"),
    ],
)
def test_a_database_that_may_come_back_is_an_outage(error):
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(
            of_postgres(psycopg.errors.UndefinedColumn, exc.ProgrammingError), id="no-such-column"
        ),
        pytest.param(of_postgres(psycopg.IntegrityError, exc.IntegrityError), id="not-unique"),
        pytest.param(TimeoutError(), id="somebody-else-is-late"),
        pytest.param(RuntimeError(), id="any"),
    ],
)
def test_what_was_asked_wrongly_is_none(error):
    assert not is_outage(error)


def test_sqlite_that_does_not_understand_is_not_away():
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.OperationalError) as raised,
    ):
        connection.execute("SELECT nothing FROM nowhere")

    assert not is_outage(exc.OperationalError("SELECT 1", None, raised.value))
