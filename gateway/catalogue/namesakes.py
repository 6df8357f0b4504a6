"""Making several institutions one, and their courses of one title, too.

Functions of a connection: the caller owns the transaction.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from gateway.catalogue.identity.choosing import Choice, KnownSpellings, Spelling, choose
from gateway.catalogue.identity.names import to_title
from gateway.catalogue.identity.scores import compare_titles
from gateway.catalogue.joining import (
    MERGED,
    current_ids,
    join_courses,
    lock_courses,
    log_changes,
    write_redirect,
)
from gateway.catalogue.linking import lock_names
from gateway.catalogue.spellings import INSTITUTION, OPERATOR
from gateway.storage.catalogue_tables import (
    course,
    course_spelling,
    institution,
    institution_spelling,
)
from schema.model.links import LinkError, LinkErrorCode, LinkOutcome
from schema.model.values import InstitutionId


def merge_institutions(
    connection: Connection, institution_ids: Sequence[InstitutionId], now: datetime
) -> LinkOutcome:
    """Make several institutions one; the one with the oldest course keeps its id."""
    lock_names(connection)
    wanted = list(dict.fromkeys(current_ids(connection, institution_ids).values()))
    first_course = func.min(course.c.created_at)
    rows = connection.execute(
        select(institution.c.id)
        .outerjoin(course, course.c.institution_id == institution.c.id)
        .where(institution.c.id.in_(wanted))
        .group_by(institution.c.id)
        .order_by(first_course.is_(None), first_course, institution.c.id)
    ).scalars()
    found = rows.all()
    if len(found) < len(wanted):
        return _refused(LinkErrorCode.NOT_FOUND, "There is no such institution; look it up again.")
    if len(found) <= 1:
        message = "Name at least two institutions that are not one already."
        return _refused(LinkErrorCode.NOTHING_TO_MERGE, message)
    kept, *merged = found
    touched = connection.execute(
        select(course.c.id).where(course.c.institution_id.in_(merged))
    ).scalars()
    changed = set(touched.all())
    for old in merged:
        changed |= _join(connection, kept, old, now)
    log_changes(connection, sorted(changed))
    return LinkOutcome(kept)


def _join(connection: Connection, kept: str, old: str, now: datetime) -> set[str]:
    """Move an institution's names and courses; return the courses that others were joined to."""
    decided = {"decided_by": OPERATOR, "decided_at": now, "rules": json.dumps([MERGED])}
    connection.execute(
        update(institution_spelling)
        .where(institution_spelling.c.institution_id == old)
        .values(decided | {"institution_id": kept, "score": 1.0})
    )
    titles = _titles(connection, old, kept)
    known = KnownSpellings(())
    for each in _titles(connection, kept, kept):
        known.add(each, (each.compact_key, *each.blocks))
    _move(connection, titles, old, kept)
    joined = set()
    for each in titles:
        choice = choose(each, known.near((each.compact_key, *each.blocks)), compare_titles)
        if each.key == each.target and choice.of is not None:
            joined |= _join_titles(connection, each, choice, now)
    write_redirect(connection, INSTITUTION, old, kept, now)
    return joined


def _titles(connection: Connection, institution_id: str, scope: str) -> list[Spelling]:
    """Return an institution's titles, as if they were of the institution `scope`."""
    rows = connection.execute(
        select(course_spelling)
        .where(course_spelling.c.institution_id == institution_id, course_spelling.c.name != "")
        .order_by(course_spelling.c.match_key)
    )
    return [
        Spelling(row.match_key, row.course_key, to_title(row.name), row.partner, scope)
        for row in rows
    ]


def _move(connection: Connection, titles: Sequence[Spelling], old: str, kept: str) -> None:
    for table in (course, course_spelling):
        connection.execute(
            update(table).where(table.c.institution_id == old).values(institution_id=kept)
        )
    for each in titles:
        keys: dict[str, Any] = {f"block_{n}": key for n, key in enumerate(each.blocks, start=1)}
        connection.execute(
            update(course_spelling)
            .where(course_spelling.c.match_key == each.key)
            .values(keys | {"compact_key": each.compact_key})
        )


def _join_titles(
    connection: Connection, title: Spelling, choice: Choice, now: datetime
) -> set[str]:
    """Merge the courses of two alike titles, if both have one; the older keeps its id."""
    keys = [title.target, choice.target]
    ids = connection.execute(select(course.c.id).where(course.c.match_key.in_(keys))).scalars()
    rows = lock_courses(connection, ids.all())
    if len(rows) < len(keys):
        return set()
    kept, merged = rows
    why = f"institutions merged by an operator; {', '.join(choice.likeness.rules) or 'same title'}"
    join_courses(connection, kept, merged, now, why)
    return {kept.id, merged.id}


def _refused(code: LinkErrorCode, message: str) -> LinkOutcome:
    return LinkOutcome(errors=(LinkError(code, message),))
