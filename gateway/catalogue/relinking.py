"""Recognising names together, and telling which courses came of it.

Functions of a connection: the caller owns the transaction and holds the lock of the names.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from gateway.catalogue.courses_anew import relink_courses
from gateway.catalogue.institutions_anew import regroup_institutions
from gateway.catalogue.visibility import publish
from gateway.storage.catalogue_tables import course
from gateway.storage.sets import is_one_of


def regroup(
    connection: Connection, scopes: Collection[str], now: datetime, *, institutions: bool
) -> set[str]:
    """Recognise the courses of some institutions anew, and before that all institutions' names.

    Return the ids of the courses that changed, which nobody has been told of yet.
    """
    touched, changed = {*scopes}, set[str]()
    if institutions:
        regrouped = regroup_institutions(connection, now)
        touched |= regrouped.institutions
        changed |= regrouped.courses
    return changed | relink_courses(connection, touched, now) if touched else changed


def tell(connection: Connection, course_ids: Collection[str]) -> None:
    """Log what became of courses."""
    if course_ids:
        publish(connection, is_one_of(connection, course.c.id, course_ids))
