"""Making a spelling that was taken for an institution an institution of its own again.

Functions of a connection: the caller owns the transaction.

The spelling leads to the new institution from now on, so later lists follow by themselves.
What is listed under it leaves with it: a course that nobody lists otherwise goes whole and
keeps its id, of a shared one the offerings that leave found a new one.  Either way what left is
found by a key that is no name's, and by the titles of this spelling alone.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, delete, select, update

from gateway.catalogue.drafts import DraftInstitution, course_key, draft_institution
from gateway.catalogue.identity.choosing import Spelling
from gateway.catalogue.identity.names import to_title
from gateway.catalogue.joining import (
    INSTITUTION_SPLIT,
    current_ids,
    found_course,
    lock_courses,
    log_changes,
    pass_on,
    write_link,
)
from gateway.catalogue.linking import lock_names
from gateway.catalogue.records import digest, names_in
from gateway.catalogue.spellings import BLOCKS, OPERATOR
from gateway.storage.catalogue_tables import (
    course,
    course_link,
    course_spelling,
    institution,
    institution_spelling,
    offering,
    redirect,
)
from gateway.storage.upsert import insert_into
from schema.model.links import (
    InstitutionSpelling,
    LinkDecider,
    LinkError,
    LinkErrorCode,
    LinkOutcome,
)
from schema.model.values import InstitutionId, OfferingId, PartnerCode, derived_id


@dataclass(frozen=True, slots=True)
class _Leaving:
    """An offering that leaves, and the key of its title under the spelling that leaves."""

    id: OfferingId
    partner: str
    key: str
    title: str
    title_key: str


def read_spellings(
    connection: Connection, institution_id: InstitutionId
) -> Sequence[InstitutionSpelling] | None:
    """Return the names that lead to an institution, its own first; None if it is not there."""
    current = current_ids(connection, [institution_id])[institution_id]
    own = connection.execute(
        select(institution.c.match_key).where(institution.c.id == current)
    ).scalar()
    if own is None:
        return None
    rows = connection.execute(
        select(institution_spelling).where(institution_spelling.c.institution_id == current)
    )
    found = [_to_spelling(row, is_own=row.match_key == own) for row in rows]
    return sorted(found, key=lambda each: (not each.is_own, each.name))


def split_institution(
    connection: Connection, institution_id: InstitutionId, name: str, now: datetime
) -> LinkOutcome:
    """Make the spelling `name` of an institution one of its own, with what is listed under it."""
    lock_names(connection)
    left = current_ids(connection, [institution_id])[institution_id]
    known = connection.execute(
        select(institution.c.match_key).where(institution.c.id == left)
    ).scalar()
    try:
        leaving = draft_institution(name)
    except ValueError:
        return _refused(LinkErrorCode.NOT_FOUND, "This names no institution; give a spelling.")
    if known == leaving.key:
        message = "It is the institution's own name; split its other spellings off instead."
        return _refused(LinkErrorCode.NOTHING_TO_SPLIT, message)
    if known is None or not _is_spelled(connection, left, leaving.key):
        message = "No such institution is spelled so; look its spellings up again."
        return _refused(LinkErrorCode.NOT_FOUND, message)
    _found(connection, leaving, now)
    changed: set[str] = set()
    for course_id, going, is_whole in _leavers(connection, left, leaving):
        changed |= _part(connection, course_id, (leaving, going), now, is_whole=is_whole)
    _take_along(connection, left, leaving, now)
    log_changes(connection, sorted(changed))
    return LinkOutcome(leaving.id)


def _to_spelling(row: Any, *, is_own: bool) -> InstitutionSpelling:
    return InstitutionSpelling(
        name=row.name,
        partner=PartnerCode(row.partner),
        score=round(row.score, 4),
        rules=tuple(json.loads(row.rules)),
        decided_by=LinkDecider(row.decided_by),
        decided_at=row.decided_at,
        is_own=is_own,
    )


def _is_spelled(connection: Connection, institution_id: str, key: str) -> bool:
    spelled = select(institution_spelling.c.match_key).where(
        institution_spelling.c.match_key == key,
        institution_spelling.c.institution_id == institution_id,
    )
    return connection.execute(spelled).first() is not None


def _found(connection: Connection, leaving: DraftInstitution, now: datetime) -> None:
    """Let the spelling stand for an institution: the one that it was, if it was merged."""
    connection.execute(
        insert_into(connection, institution)
        .values(id=leaving.id, match_key=leaving.key, name=leaving.name)
        .on_conflict_do_nothing()
    )
    connection.execute(delete(redirect).where(redirect.c.old_id == leaving.id))
    connection.execute(
        update(institution_spelling)
        .where(institution_spelling.c.match_key == leaving.key)
        .values(
            institution_id=leaving.id,
            score=1.0,
            rules=json.dumps([INSTITUTION_SPLIT]),
            decided_by=OPERATOR,
            decided_at=now,
        )
    )


def _leavers(
    connection: Connection, left: str, leaving: DraftInstitution
) -> Iterator[tuple[str, Sequence[_Leaving], bool]]:
    """Give each course of the institution with what leaves it, and whether that is all of it.

    What an operator has pinned to its course stays there.
    """
    rows = connection.execute(
        select(offering.c.id, offering.c.partner, offering.c.key, offering.c.course_id)
        .add_columns(offering.c.payload, course_link.c.pinned)
        .join(course, course.c.id == offering.c.course_id)
        .outerjoin(course_link, course_link.c.offering_id == offering.c.id)
        .where(course.c.institution_id == left)
        .order_by(offering.c.course_id, offering.c.added_run, offering.c.id)
    ).all()
    for course_id, sold in groupby(rows, key=lambda row: row.course_id):
        every = list(sold)
        going = [found for row in every if (found := _leaving(row, leaving)) is not None]
        if going:
            yield course_id, going, len(going) == len(every)


def _leaving(row: Any, leaving: DraftInstitution) -> _Leaving | None:
    listed = names_in(row.payload)
    if row.pinned or draft_institution(listed.institution).key != leaving.key:
        return None
    title_key = course_key(leaving, listed.title)
    return _Leaving(OfferingId(row.id), row.partner, row.key, listed.title, title_key)


def _part(
    connection: Connection,
    course_id: str,
    what: tuple[DraftInstitution, Sequence[_Leaving]],
    now: datetime,
    *,
    is_whole: bool,
) -> set[str]:
    """Let offerings leave their course and institution; return the courses that this changed."""
    leaving, going = what
    [before] = lock_courses(connection, [course_id])
    founder = going[0]
    new_id = course_id
    if not is_whole:
        new_id = derived_id(founder.partner, "course", f"{founder.key}|split|{now.isoformat()}")
        found_course(connection, new_id, founder, before, now)
    key = digest(f"split|{new_id}|{now.isoformat()}")
    connection.execute(
        update(course).where(course.c.id == new_id).values(institution_id=leaving.id, match_key=key)
    )
    ids = [each.id for each in going]
    connection.execute(
        update(offering).where(offering.c.id.in_(ids)).values(course_id=new_id, match_key=key)
    )
    if not is_whole:
        pass_on(connection, before, ids)
        connection.execute(delete(course_link).where(course_link.c.offering_id == founder.id))
        for each in going[1:]:
            write_link(connection, each.id, new_id, INSTITUTION_SPLIT, now)
    _rename(connection, leaving, going, key, now)
    return {course_id, new_id}


def _rename(
    connection: Connection,
    leaving: DraftInstitution,
    going: Sequence[_Leaving],
    key: str,
    now: datetime,
) -> None:
    """Let the titles that leave lead to their course, within the new institution."""
    for each in {each.title_key: each for each in going}.values():
        title = Spelling(each.title_key, key, to_title(each.title), each.partner, leaving.id)
        _put_title(connection, title, now)


def _take_along(
    connection: Connection, left: str, leaving: DraftInstitution, now: datetime
) -> None:
    """Let titles that nobody lists just now stand for themselves, should they come again."""
    rows = connection.execute(
        select(course_spelling).where(course_spelling.c.institution_id == left)
    ).all()
    for row in rows:
        if row.name and course_key(leaving, row.name) == row.match_key:
            name = to_title(row.name)
            title = Spelling(row.match_key, row.match_key, name, row.partner, leaving.id)
            _put_title(connection, title, now)


def _put_title(connection: Connection, title: Spelling, now: datetime) -> None:
    blocks: dict[str, Any] = dict.fromkeys(BLOCKS) | dict(zip(BLOCKS, title.blocks, strict=False))
    decided = blocks | {
        "course_key": title.target,
        "institution_id": title.scope,
        "compact_key": title.compact_key,
        "score": 1.0,
        "rules": json.dumps([INSTITUTION_SPLIT]),
        "decided_by": OPERATOR,
        "decided_at": now,
    }
    told = {"match_key": title.key, "name": title.name.text, "partner": title.partner}
    connection.execute(
        insert_into(connection, course_spelling)
        .values(told | decided)
        .on_conflict_do_update(index_elements=["match_key"], set_=decided)
    )


def _refused(code: LinkErrorCode, message: str) -> LinkOutcome:
    return LinkOutcome(errors=(LinkError(code, message),))
