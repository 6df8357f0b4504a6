"""Whether a database fails for a while, or was asked what it cannot do.  Pure.

It may be away, starting, failing over, full, read only or too busy: whoever asks again later
may be answered.  A statement that it does not understand stays wrong.
"""

import sqlite3

from sqlalchemy import exc

_PRIMARY = 0xFF  # the part of SQLite's error codes that says which kind
_READ_ONLY = "25006"  # PostgreSQL's, of a server that has become a replica


def is_outage(error: Exception) -> bool:
    """Return whether an exception says that a database cannot work just now."""
    if isinstance(error, exc.TimeoutError):  # no connection was free in time
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        is_operational = isinstance(error, exc.OperationalError)
        return is_operational and code & _PRIMARY != sqlite3.SQLITE_ERROR
    is_read_only = getattr(error.orig, "sqlstate", None) == _READ_ONLY
    return is_read_only or isinstance(error, exc.OperationalError | exc.InterfaceError)
