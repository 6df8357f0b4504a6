"""What operators decide about courses: confirm, split, merge.  It outweighs every rule.

Functions of a connection: the caller owns the transaction.  Each takes the lock of the
names first, as a sync does, and the revision last.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gateway.catalogue.linking import lock_names
from gateway.catalogue.records import digest
from gateway.catalogue.spellings import COURSE, OPERATOR
from gateway.catalogue.visibility import publish
from gateway.storage.catalogue_tables import (
    course,
    course_link,
    course_spelling,
    offering,
    redirect,
)
from gateway.storage.upsert import insert_into
from schema.model.links import LinkError, LinkErrorCode, LinkOutcome
from schema.model.values import CourseId, OfferingId, derived_id

CONFIRMED = "confirmed by an operator"
SPLIT = "split by an operator"
MERGED = "merged by an operator"
INSTITUTION_SPLIT = "institution split by an operator"

_NO_RUN = 0  # no sync has made this course


def confirm_link(connection: Connection, offering_id: OfferingId, now: datetime) -> LinkOutcome:
    """Keep an offering in its course, whatever its partner calls it."""
    found = _offering(connection, offering_id)
    if found is None:
        return _not_found("offering")
    write_link(connection, offering_id, found.course_id, CONFIRMED, now, pinned=True)
    return LinkOutcome(found.course_id)


def split_offering(connection: Connection, offering_id: OfferingId, now: datetime) -> LinkOutcome:
    """Give an offering a course of its own, and keep it there."""
    lock_names(connection)
    found = _offering(connection, offering_id)
    if found is None:
        return _not_found("offering")
    left = lock_courses(connection, [found.course_id])[0]
    if _heir(connection, left.id, [offering_id]) is None:
        message = "It is the only offering of its course already; there is nothing to split."
        return LinkOutcome(errors=(LinkError(LinkErrorCode.NOTHING_TO_SPLIT, message),))
    new_id = derived_id(found.partner, "course", f"{found.key}|split|{now.isoformat()}")
    found_course(connection, new_id, found, left, now)
    pass_on(connection, left, [offering_id])
    write_link(connection, offering_id, new_id, SPLIT, now, pinned=True)
    log_changes(connection, [left.id, new_id])
    return LinkOutcome(new_id)


def merge_courses(
    connection: Connection, course_ids: Sequence[CourseId], now: datetime
) -> LinkOutcome:
    """Make several courses one; the oldest keeps its id, the others redirect to it."""
    lock_names(connection)
    wanted = list(dict.fromkeys(current_ids(connection, course_ids).values()))
    rows = lock_courses(connection, wanted)
    if len(rows) < len(wanted):
        return _not_found("course")
    if len(rows) <= 1:
        message = "Name at least two courses that are not one already."
        return LinkOutcome(errors=(LinkError(LinkErrorCode.NOTHING_TO_MERGE, message),))
    kept, *merged = rows
    for row in merged:
        join_courses(connection, kept, row, now)
    log_changes(connection, [row.id for row in rows])
    return LinkOutcome(kept.id)


def join_courses(
    connection: Connection, kept: Any, merged: Any, now: datetime, why: str = MERGED
) -> None:
    """Move everything of one course, its name too, into another."""
    moving = connection.execute(
        select(offering.c.id).where(offering.c.course_id == merged.id)
    ).scalars()
    for offering_id in moving.all():
        write_link(connection, OfferingId(offering_id), kept.id, why, now)
    connection.execute(
        update(offering)
        .where(offering.c.course_id == merged.id)
        .values(course_id=kept.id, match_key=kept.match_key)
    )
    _join_names(connection, kept, merged, why, now)
    write_redirect(connection, COURSE, merged.id, kept.id, now)


def lock_courses(connection: Connection, ids: Sequence[str]) -> Sequence[Any]:
    """Return the courses, the oldest first, and let nobody else change them.

    They are locked in order of their ids, as everywhere.
    """
    rows = connection.execute(
        select(course).where(course.c.id.in_(ids)).order_by(course.c.id).with_for_update()
    ).all()
    return sorted(rows, key=lambda row: (row.created_at, row.id))


def current_ids(connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
    """Return for each id the one that it redirects to, or itself."""
    found = connection.execute(
        select(redirect.c.old_id, redirect.c.new_id).where(redirect.c.old_id.in_(ids))
    )
    return {each: each for each in ids} | {row.old_id: row.new_id for row in found}


def write_redirect(
    connection: Connection, kind: str, old_id: str, new_id: str, now: datetime
) -> None:
    """Let `old_id`, and what redirected to it, redirect to `new_id`."""
    connection.execute(update(redirect).where(redirect.c.new_id == old_id).values(new_id=new_id))
    connection.execute(insert(redirect).values(old_id=old_id, new_id=new_id, kind=kind, at=now))


def log_changes(connection: Connection, ids: Sequence[str]) -> None:
    """Take the next revision, and tell what became of these courses."""
    publish(connection, course.c.id.in_(ids))


def found_course(
    connection: Connection, new_id: str, founder: Any, left: Any, now: datetime
) -> None:
    """Found a course whose key is no name's, so that only who is put there belongs to it."""
    key = digest(f"split|{new_id}")
    connection.execute(
        insert(course).values(
            id=new_id,
            match_key=key,
            institution_id=left.institution_id,
            founding_offering_id=founder.id,
            created_at=now,
            is_live=False,
            changed_run=_NO_RUN,
        )
    )
    connection.execute(
        update(offering).where(offering.c.id == founder.id).values(course_id=new_id, match_key=key)
    )


def pass_on(connection: Connection, left: Any, leaving: Sequence[str]) -> None:
    """Let the oldest offering that stays name a course whose founder leaves."""
    if left.founding_offering_id in leaving:
        connection.execute(
            update(course)
            .where(course.c.id == left.id)
            .values(founding_offering_id=_heir(connection, left.id, leaving))
        )


def write_link(
    connection: Connection,
    offering_id: OfferingId,
    course_id: str,
    why: str,
    now: datetime,
    *,
    pinned: bool = False,
) -> None:
    """Write that an operator decided on a link; one that is pinned stays so."""
    before = connection.execute(
        select(course_link).where(course_link.c.offering_id == offering_id)
    ).one_or_none()
    connection.execute(delete(course_link).where(course_link.c.offering_id == offering_id))
    said = json.loads(before.rules) if before and why == CONFIRMED else []
    connection.execute(
        insert(course_link).values(
            offering_id=offering_id,
            course_id=course_id,
            score=before.score if before and why == CONFIRMED else 1.0,
            rules=json.dumps([*(rule for rule in said if rule != why), why]),
            decided_by=OPERATOR,
            decided_at=now,
            institution_rules=before.institution_rules if before and why == CONFIRMED else "[]",
            pinned=pinned or bool(before and before.pinned),
        )
    )


def _heir(connection: Connection, course_id: str, leaving: Sequence[str]) -> str | None:
    staying = select(offering.c.id).where(
        offering.c.course_id == course_id, offering.c.id.not_in(leaving)
    )
    oldest = staying.order_by(offering.c.added_run, offering.c.id).limit(1)
    heir: str | None = connection.execute(oldest).scalar()
    return heir


def _offering(connection: Connection, offering_id: OfferingId) -> Any:
    return connection.execute(
        select(offering.c.id, offering.c.partner, offering.c.key, offering.c.course_id).where(
            offering.c.id == offering_id
        )
    ).one_or_none()


def _join_names(connection: Connection, kept: Any, merged: Any, why: str, now: datetime) -> None:
    """Let the names of the one course be names of the other."""
    decided = {
        "course_key": kept.match_key,
        "score": 1.0,
        "rules": json.dumps([why]),
        "decided_by": OPERATOR,
        "decided_at": now,
    }
    nameless = {  # of a course from before spellings were kept; found by its key alone
        "match_key": merged.match_key,
        "institution_id": merged.institution_id,
        "name": "",
        "partner": "",
        "compact_key": 0,
    }
    connection.execute(
        insert_into(connection, course_spelling).values(nameless | decided).on_conflict_do_nothing()
    )
    connection.execute(
        update(course_spelling)
        .where(course_spelling.c.course_key == merged.match_key)
        .values(decided)
    )


def _not_found(thing: str) -> LinkOutcome:
    message = f"There is no such {thing}; look its id up again."
    return LinkOutcome(errors=(LinkError(LinkErrorCode.NOT_FOUND, message),))
