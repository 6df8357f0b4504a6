"""Recognising institutions' names anew; their courses are then recognised anew, too.

Functions of a connection: the caller owns the transaction and holds the lock of the names.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from gateway.catalogue.drafts import course_key, draft_institution, institution_id
from gateway.catalogue.identity.choosing import Spelling
from gateway.catalogue.identity.grouping import Grouping, Member, group
from gateway.catalogue.identity.names import to_institution, to_title
from gateway.catalogue.identity.scores import compare_institutions
from gateway.catalogue.joining import current_ids, write_redirect
from gateway.catalogue.spellings import BLOCKS, INSTITUTION, OPERATOR
from gateway.catalogue.unsure import write_unsure
from gateway.storage.catalogue_tables import (
    block,
    course,
    course_spelling,
    institution,
    institution_spelling,
    redirect,
)
from gateway.storage.upsert import insert_into
from schema.model.blocks import BlockScope


@dataclass(frozen=True, slots=True)
class _Moved:
    """A spelling that leads to another institution than it did."""

    key: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Regrouped:
    """The institutions whose courses may have to move, and the courses that are another's now."""

    institutions: frozenset[str]
    courses: frozenset[str]


def regroup_institutions(connection: Connection, now: datetime) -> Regrouped:
    """Group the names of institutions anew, and let titles follow, and what is sold of the lost."""
    members = _read_members(connection, now)
    grouping = group(members, compare_institutions)
    write_unsure(connection, INSTITUTION, [grouping], now)
    moved = [
        _Moved(each.key, each.spelling.name.text, each.spelling.target, grouping.targets[each.key])
        for each in members
        if each.spelling.target != grouping.targets[each.key]
    ]
    owners = {each.own: each for each in members}
    for each in moved:
        if each.after in owners:
            _found(connection, owners[each.after])
        _write_spelling(connection, each, grouping)
        _take_titles(connection, each)
    courses: set[str] = set()
    for left in sorted({each.before for each in moved}):
        courses |= _merge_if_left(connection, left, moved, now)
    touched = frozenset(end for each in moved for end in (each.before, each.after))
    return Regrouped(touched, frozenset(courses))


def _read_members(connection: Connection, now: datetime) -> Sequence[Member]:
    """Return every institution's names, the eldest first.

    A name of one that is blocked is as an operator has it: no rule takes it out of a block.
    """
    blocked = _blocked(connection)
    rows = connection.execute(
        select(institution_spelling).order_by(
            institution_spelling.c.decided_at, institution_spelling.c.match_key
        )
    )
    return [_to_member(row, now, is_blocked=row.institution_id in blocked) for row in rows]


def _to_member(row: Any, now: datetime, *, is_blocked: bool) -> Member:
    name = to_institution(row.name)
    return Member(
        Spelling(row.match_key, row.institution_id, name, row.partner),
        own=institution_id(row.name),
        since=now if is_blocked else row.decided_at,
        is_decided=is_blocked or row.decided_by == OPERATOR,
    )


def _blocked(connection: Connection) -> frozenset[str]:
    named = connection.execute(
        select(block.c.value).where(block.c.scope == BlockScope.INSTITUTION)
    ).scalars()
    return frozenset(current_ids(connection, named.all()).values())


def _found(connection: Connection, owner: Member) -> None:
    """Let the institution of a name be there: the one that it was, if it was one."""
    connection.execute(
        insert_into(connection, institution)
        .values(id=owner.own, match_key=owner.key, name=owner.spelling.name.text)
        .on_conflict_do_nothing()
    )
    connection.execute(delete(redirect).where(redirect.c.old_id == owner.own))


def _write_spelling(connection: Connection, moved: _Moved, grouping: Grouping) -> None:
    like = grouping.likeness[moved.key]
    connection.execute(
        update(institution_spelling)
        .where(institution_spelling.c.match_key == moved.key)
        .values(institution_id=moved.after, score=like.score, rules=json.dumps(like.rules))
    )


def _take_titles(connection: Connection, moved: _Moved) -> None:
    """Let the titles under a name follow it to its institution."""
    drafted = draft_institution(moved.name)
    rows = connection.execute(
        select(course_spelling.c.match_key, course_spelling.c.name, course_spelling.c.partner)
        .add_columns(course_spelling.c.course_key)
        .where(course_spelling.c.institution_id == moved.before, course_spelling.c.name != "")
    ).all()
    for row in rows:
        if course_key(drafted, row.name) == row.match_key:
            title = Spelling(
                row.match_key, row.course_key, to_title(row.name), row.partner, moved.after
            )
            keys: dict[str, Any] = dict.fromkeys(BLOCKS)
            keys |= dict(zip(BLOCKS, title.blocks, strict=False))
            keys |= {"institution_id": title.scope, "compact_key": title.compact_key}
            connection.execute(
                update(course_spelling).where(course_spelling.c.match_key == title.key).values(keys)
            )


def _merge_if_left(
    connection: Connection, left: str, moved: Sequence[_Moved], now: datetime
) -> set[str]:
    """Let an institution to which no name leads any more redirect to where its eldest name went.

    Its courses go there, too, for a start; return them.
    """
    leads = select(institution_spelling.c.match_key).where(
        institution_spelling.c.institution_id == left
    )
    if connection.execute(leads.limit(1)).first() is not None:
        return set()
    after = next(each.after for each in moved if each.before == left)
    connection.execute(
        update(course_spelling)
        .where(course_spelling.c.institution_id == left)
        .values(institution_id=after)
    )
    courses = connection.execute(
        update(course)
        .where(course.c.institution_id == left)
        .values(institution_id=after)
        .returning(course.c.id)
    )
    found = set(courses.scalars())
    write_redirect(connection, INSTITUTION, left, after, now)
    return found
