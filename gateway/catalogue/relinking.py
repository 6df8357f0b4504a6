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


def relink(
    connection: Connection, scopes: Collection[str], now: datetime, *, institutions: bool
) -> set[str]:
    """Recognise the courses of some institutions anew, and before that all institutions' names.

    Return the ids of the courses that changed; they are in the change log.
    """
    touched, changed = {*scopes}, set[str]()
    if institutions:
        regrouped = regroup_institutions(connection, now)
        touched |= regrouped.institutions
        changed |= regrouped.courses
    if touched:
        changed |= relink_courses(connection, touched, now)
    if changed:
        lock_revision(connection)
        for some in chunks(sorted(changed)):
            update_blocked(connection, offering.c.course_id.in_(some))
        publish(connection, changed)
    return changed
