"""Recognising names together, and telling which courses came of it.

Functions of a connection: the caller owns the transaction and holds the lock of the names.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from gateway.catalogue.courses_anew import relink_courses
from gateway.catalogue.institutions_anew import regroup_institutions
from gateway.catalogue.standing import chunks
from gateway.catalogue.visibility import lock_revision, publish, update_blocked
from gateway.storage.catalogue_tables import offering


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


def block_moved(connection: Connection, course_ids: Collection[str]) -> None:
    """Block what came to these courses as they are, to be called under the revision's lock."""
    for some in chunks(sorted(course_ids)):
        update_blocked(connection, offering.c.course_id.in_(some))


def tell(connection: Connection, course_ids: Collection[str]) -> None:
    """Log what became of courses."""
    if course_ids:
        lock_revision(connection)
        block_moved(connection, course_ids)
        publish(connection, course_ids)
