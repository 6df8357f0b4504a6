"""Recognising titles anew, and letting offerings follow to the courses that they are now.

A course goes on as what most of it is: it keeps its id where its name stands, of several that
become one the oldest does, and the others redirect to it.  Functions of a connection: the
caller owns the transaction and holds the lock of the names.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, not_, select, update

from gateway.catalogue.identity.grouping import Grouping, group
from gateway.catalogue.identity.scores import compare_titles
from gateway.catalogue.joining import lock_courses, write_redirect
from gateway.catalogue.records import digest
from gateway.catalogue.shelves import Shelved, Title, read_shelved, read_titles, to_members
from gateway.catalogue.spellings import COURSE, RULE
from gateway.catalogue.standing import chunks
from gateway.catalogue.unsure import write_unsure
from gateway.storage.catalogue_tables import (
    course,
    course_link,
    course_spelling,
    institution_spelling,
    offering,
    redirect,
)
from gateway.storage.upsert import insert_into
from schema.model.values import derived_id

_NO_RUN = 0


@dataclass(frozen=True, slots=True)
class _Home:
    """The course that is to have a name, and the offerings that belong to it, eldest first."""

    id: str
    key: str
    members: Sequence[Shelved]
    institution_id: str | None


def relink_courses(connection: Connection, scopes: Collection[str], now: datetime) -> set[str]:
    """Group the titles of these institutions anew; return the ids of courses that changed."""
    shelved = read_shelved(connection, scopes)
    titles = read_titles(connection, scopes, shelved, now)
    groupings = [group(members, compare_titles) for members in to_members(titles)]
    _write_titles(connection, titles, groupings)
    write_unsure(connection, COURSE, groupings, now)
    targets = {key: target for each in groupings for key, target in each.targets.items()}
    wanted = _wanted(shelved, targets)
    givers = {
        each.member.key: each.institution_id
        for each in titles
        if targets[each.member.key] == each.member.key
    }
    moving = _moving(connection, shelved, wanted, givers)
    touched = {wanted[each.id] for each in shelved if each.course_id in moving}
    concerned = [each for each in shelved if wanted[each.id] in touched]
    return _move(connection, concerned, wanted, givers, now) if concerned else set()


def _wanted(shelved: Sequence[Shelved], targets: Mapping[str, str]) -> Mapping[str, str]:
    """Return the key of the course in which each offering belongs, by the offering's id.

    What stays goes where its course goes: where the others of it go, if they do not part.
    """
    found = {e.id: targets[e.spelled] for e in shelved if not e.stays and e.spelled in targets}
    of_course: dict[str, list[str]] = {}
    for each in shelved:
        if each.id in found:
            of_course.setdefault(each.course_id, []).append(found[each.id])
    for each in shelved:
        others = of_course.get(each.course_id, [])
        kept = each.match_key
        found.setdefault(each.id, kept if kept in others or not others else others[0])
    return found


def _moving(
    connection: Connection,
    shelved: Sequence[Shelved],
    wanted: Mapping[str, str],
    givers: Mapping[str, str],
) -> set[str]:
    """Return the courses of which an offering is elsewhere, or which another institution gives."""
    found = {each.course_id for each in shelved if each.match_key != wanted[each.id]}
    for ids in chunks(sorted({each.course_id for each in shelved})):
        rows = connection.execute(
            select(course.c.id, course.c.match_key, course.c.institution_id).where(
                course.c.id.in_(ids)
            )
        )
        found |= {
            r.id for r in rows if givers.get(r.match_key, r.institution_id) != r.institution_id
        }
    return found


def _move(
    connection: Connection,
    concerned: Sequence[Shelved],
    wanted: Mapping[str, str],
    givers: Mapping[str, str],
    now: datetime,
) -> set[str]:
    """Bring offerings to the courses in which they belong; return the courses that this changed."""
    by_key: dict[str, list[Shelved]] = {}
    for each in concerned:
        by_key.setdefault(wanted[each.id], []).append(each)
    rows = _locked(connection, {each.course_id for each in concerned}, by_key)
    claims = _claims(connection, concerned, wanted, rows)
    homes = []
    for key, members in by_key.items():
        claimants = claims.get(key, [])
        new_id = claimants[0] if claimants else _found(connection, members[0], rows, now)
        homes.append(_Home(new_id, key, members, givers.get(key)))
    for home in homes:
        _settle(connection, home, now)
    _redirect_left(connection, concerned, homes, now)
    return {*(each.course_id for each in concerned), *(home.id for home in homes)}


def _locked(connection: Connection, ids: Collection[str], keys: Iterable[str]) -> Mapping[str, Any]:
    """Return these courses and those that have one of the keys; now nobody has any of them."""
    taken = {
        course_id
        for some in chunks(sorted(keys))
        for course_id in connection.execute(
            select(course.c.id).where(course.c.match_key.in_(some))
        ).scalars()
    }
    rows = {
        row.id: row
        for some in chunks(sorted({*ids, *taken}))
        for row in lock_courses(connection, some)
    }
    for each in sorted(rows):
        connection.execute(
            update(course).where(course.c.id == each).values(match_key=digest(f"left|{each}"))
        )
    return rows


def _claims(
    connection: Connection,
    concerned: Sequence[Shelved],
    wanted: Mapping[str, str],
    rows: Mapping[str, Any],
) -> Mapping[str, Sequence[str]]:
    """Return the courses that go on under each key, the oldest first.

    One of which nothing leaves, for it is another institution's, has its key before all others.
    """
    keys_of: dict[str, list[str]] = {}
    for each in concerned:
        keys_of.setdefault(each.course_id, []).append(wanted[each.id])
    found: dict[str, list[str]] = {}
    for row in rows.values():
        if row.id not in keys_of and _sells(connection, row.id):
            found[row.match_key] = [row.id]
    standing = [row for row in rows.values() if row.id in keys_of]
    for row in sorted(standing, key=lambda row: (row.created_at, row.id)):
        keys = keys_of[row.id]
        found.setdefault(row.match_key if row.match_key in keys else keys[0], []).append(row.id)
    return found


def _sells(connection: Connection, course_id: str) -> bool:
    sold = select(offering.c.id).where(offering.c.course_id == course_id).limit(1)
    return connection.execute(sold).first() is not None


def _found(connection: Connection, founder: Shelved, rows: Mapping[str, Any], now: datetime) -> str:
    """Return the course of a name that parts from another: the one that it was, if it was one."""
    own = derived_id(founder.partner, "course", founder.key)
    if own in rows or _sells(connection, own):
        own = derived_id(founder.partner, "course", f"{founder.key}|anew|{now.isoformat()}")
    left = rows[founder.course_id]
    connection.execute(
        insert_into(connection, course)
        .values(
            id=own,
            match_key=digest(f"left|{own}"),
            institution_id=left.institution_id,
            founding_offering_id=founder.id,
            created_at=now,
            is_live=False,
            changed_run=_NO_RUN,
        )
        .on_conflict_do_nothing()
    )
    connection.execute(delete(redirect).where(redirect.c.old_id == own))
    return own


def _settle(connection: Connection, home: _Home, now: datetime) -> None:
    """Give a course its key, its offerings, their links and its founder."""
    ids = [each.id for each in home.members]
    for some in chunks(ids):
        connection.execute(
            update(offering)
            .where(offering.c.id.in_(some))
            .values(course_id=home.id, match_key=home.key)
        )
        linked = course_link.c.offering_id.in_(some)
        connection.execute(delete(course_link).where(linked, not_(course_link.c.pinned)))
        connection.execute(update(course_link).where(linked).values(course_id=home.id))
    founder = _founder(connection, home)
    values = {"match_key": home.key, "founding_offering_id": founder}
    if home.institution_id is not None:
        values["institution_id"] = home.institution_id
    connection.execute(update(course).where(course.c.id == home.id).values(values))
    _write_links(connection, home.id, [each for each in home.members if each.id != founder], now)


def _founder(connection: Connection, home: _Home) -> str:
    """Return the offering that names a course: its founder, if that is still there."""
    stands = (
        select(offering.c.id)
        .join(course, course.c.founding_offering_id == offering.c.id)
        .where(course.c.id == home.id, offering.c.course_id == home.id)
    )
    found: str | None = connection.execute(stands).scalar()
    return found or home.members[0].id


def _write_links(
    connection: Connection, course_id: str, followers: Sequence[Shelved], now: datetime
) -> None:
    """Write why offerings belong to a course, where no operator has said so."""
    titles = _evidence(connection, course_spelling, {each.spelled for each in followers})
    givers = _evidence(
        connection, institution_spelling, {each.institution_key for each in followers}
    )
    for each in followers:
        title, giver = titles.get(each.spelled), givers.get(each.institution_key)
        link = {
            "offering_id": each.id,
            "course_id": course_id,
            "score": (title.score if title else 1.0) * (giver.score if giver else 1.0),
            "rules": title.rules if title else "[]",
            "decided_by": title.decided_by if title else RULE,
            "decided_at": now,
            "institution_rules": giver.rules if giver else "[]",
            "pinned": False,
        }
        connection.execute(
            insert_into(connection, course_link).values(link).on_conflict_do_nothing()
        )


def _evidence(connection: Connection, table: Any, keys: Collection[str]) -> Mapping[str, Any]:
    return {
        row.match_key: row
        for some in chunks(sorted(keys))
        for row in connection.execute(
            select(table.c.match_key, table.c.score, table.c.rules, table.c.decided_by).where(
                table.c.match_key.in_(some)
            )
        )
    }


def _redirect_left(
    connection: Connection, concerned: Sequence[Shelved], homes: Sequence[_Home], now: datetime
) -> None:
    """Let a course that nothing is sold of any more lead to where its eldest offering went."""
    kept = {home.id for home in homes}
    home_of = {each.id: home.id for home in homes for each in home.members}
    eldest: dict[str, str] = {}
    for each in concerned:
        eldest.setdefault(each.course_id, home_of[each.id])
    for left, home in sorted(eldest.items()):
        if left not in kept:
            write_redirect(connection, COURSE, left, home, now)


def _write_titles(
    connection: Connection, titles: Sequence[Title], groupings: Sequence[Grouping]
) -> None:
    """Write down what titles are of now, where it is something else; decisions stand."""
    targets = {key: target for each in groupings for key, target in each.targets.items()}
    likeness = {key: found for each in groupings for key, found in each.likeness.items()}
    for each in titles:
        key = each.member.key
        if each.course_key != targets[key]:
            like = likeness[key]
            connection.execute(
                update(course_spelling)
                .where(course_spelling.c.match_key == key)
                .values(course_key=targets[key], score=like.score, rules=json.dumps(like.rules))
            )
