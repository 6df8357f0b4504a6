"""Recognises names before they are written: other spellings get the key of the first one.

Behind this step the join is exact again: staged rows carry the match key of their course's
first spelling, or of the course that an operator has put them into.  Functions of a
connection: the caller owns the transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    and_,
    delete,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    update,
)

from gateway.catalogue.identity.choosing import Spelling
from gateway.catalogue.identity.names import to_institution, to_title
from gateway.catalogue.records import names_in
from gateway.catalogue.runs import OpenRun
from gateway.catalogue.spellings import INSTITUTIONS, RULE, TITLES, Kind, recognise_names
from gateway.catalogue.standing import chunks
from gateway.storage.catalogue_tables import (
    course,
    course_link,
    course_spelling,
    institution,
    institution_spelling,
    offering,
)
from gateway.storage.columns import Instant
from gateway.storage.sync_tables import staged_offering as staged
from gateway.storage.upsert import insert_into

CHUNK = 1_000  # names looked up at once
_LOCK = 0x4D495452  # "MITR": names are recognised by one transaction at a time


def lock_names(connection: Connection, *, shared: bool = False) -> None:
    """Let no other transaction found or join names until this one ends.

    `shared` is for those who only put offerings where known names lead.
    """
    if connection.dialect.name != "postgresql":  # SQLite has one writer anyway
        return
    lock = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    connection.execute(text(f"SELECT {lock}(:key)"), {"key": _LOCK})


@dataclass(frozen=True, slots=True)
class Torn:
    """What has to be recognised together (`relinking`), for new names stand between others."""

    scopes: frozenset[str]
    institutions: bool


def recognise(connection: Connection, run: OpenRun, now: datetime) -> Torn:
    """Give the run's changed rows the institution and the match key that their names stand for."""
    scopes: set[str] = set()
    institutions = False
    # others may be founding what we are about to look for
    lock_names(connection, shared=not _has_new_names(connection, run))
    for new in _new_institutions(connection, run):
        met = recognise_names(connection, INSTITUTIONS, new, now)
        _found_institutions(connection, met.own)
        institutions |= bool(met.torn)
    _put_institutions(connection, run)
    for new in _new_titles(connection, run):
        met = recognise_names(connection, TITLES, new, now)
        scopes |= {each.scope for each in met.torn}
    scopes |= _crowded(connection, run, now)
    _put_course_keys(connection, run)
    return Torn(frozenset(scopes), institutions)


def write_links(connection: Connection, run: OpenRun, now: datetime) -> None:
    """Keep why each changed offering belongs to a course that it has not founded.

    What operators decided about its name comes with the name, what they decided about the
    offering itself is pinned.
    """
    changed = select(offering.c.id).where(offering.c.changed_run == run.id)
    is_loose = not_(course_link.c.pinned)
    connection.execute(delete(course_link).where(is_loose, course_link.c.offering_id.in_(changed)))
    spelled = func.coalesce(staged.c.spelling_key, staged.c.match_key)
    links = (
        select(
            offering.c.id,
            offering.c.course_id,
            func.coalesce(course_spelling.c.score, 1.0)
            * func.coalesce(institution_spelling.c.score, 1.0),
            func.coalesce(course_spelling.c.rules, "[]"),
            func.coalesce(course_spelling.c.decided_by, RULE),
            literal(now, Instant),
            func.coalesce(institution_spelling.c.rules, "[]"),
            false(),
        )
        .select_from(offering)
        .join(course, course.c.id == offering.c.course_id)
        .join(staged, (staged.c.run_id == run.id) & (staged.c.offering_id == offering.c.id))
        .outerjoin(course_spelling, course_spelling.c.match_key == spelled)
        .outerjoin(
            institution_spelling, institution_spelling.c.match_key == staged.c.institution_key
        )
        .where(offering.c.changed_run == run.id, course.c.founding_offering_id != offering.c.id)
    )
    columns = [
        "offering_id", "course_id", "score", "rules", "decided_by", "decided_at",
        "institution_rules", "pinned",
    ]  # fmt: skip
    connection.execute(
        insert_into(connection, course_link).from_select(columns, links).on_conflict_do_nothing()
    )


def _crowded(connection: Connection, run: OpenRun, now: datetime) -> set[str]:
    """Return the institutions of which a course would come to hold two titles of this list.

    A title that joined another one just now did not know that its partner lists that, too.
    """
    title, other = course_spelling, course_spelling.alias("other")
    beside = connection.execute(
        select(other.c.match_key, title.c.institution_id)
        .join(other, other.c.course_key == title.c.course_key)
        .where(title.c.decided_at == now, title.c.partner == run.partner)
        .where(title.c.course_key != title.c.match_key, title.c.decided_by == RULE)
        .where(other.c.compact_key != title.c.compact_key)
    ).all()
    scopes = {row.match_key: row.institution_id for row in beside}
    listed = select(staged.c.match_key).where(staged.c.run_id == run.id)
    return {
        scopes[key]
        for keys in chunks(sorted(scopes))
        for key in connection.execute(listed.where(staged.c.match_key.in_(keys))).scalars()
    }


def _changed(run: OpenRun) -> Any:
    """Return whether a staged row is one that will be written: only those have a payload."""
    return and_(staged.c.run_id == run.id, staged.c.payload.is_not(None))


def _is_new(kind: Kind, key: Column[Any]) -> Any:
    return not_(exists().where(kind.table.c.match_key == key))


def _has_new_names(connection: Connection, run: OpenRun) -> bool:
    is_new = or_(
        _is_new(INSTITUTIONS, staged.c.institution_key), _is_new(TITLES, staged.c.match_key)
    )
    found = connection.execute(select(staged.c.offering_id).where(_changed(run), is_new).limit(1))
    return found.first() is not None


def _new_institutions(connection: Connection, run: OpenRun) -> Iterator[Sequence[Spelling]]:
    rows = connection.execute(
        select(staged.c.institution_key, func.min(staged.c.institution_name))
        .add_columns(func.min(staged.c.institution_id))
        .where(_changed(run), _is_new(INSTITUTIONS, staged.c.institution_key))
        .group_by(staged.c.institution_key)
        .order_by(staged.c.institution_key)
    ).all()
    for start in range(0, len(rows), CHUNK):
        yield [
            Spelling(key, target, to_institution(name), run.partner)
            for key, name, target in rows[start : start + CHUNK]
        ]


def _new_titles(connection: Connection, run: OpenRun) -> Iterator[Sequence[Spelling]]:
    """Yield the titles that were never met, a part at a time: a list may be long."""
    question = (
        select(staged.c.offering_id, staged.c.match_key, staged.c.institution_id, staged.c.payload)
        .where(_changed(run), _is_new(TITLES, staged.c.match_key))
        .order_by(staged.c.offering_id)
        .limit(CHUNK)
    )
    last = ""
    while rows := connection.execute(question.where(staged.c.offering_id > last)).all():
        last = rows[-1].offering_id
        first_of = {row.match_key: row for row in reversed(rows)}
        yield [
            Spelling(
                key, key, to_title(names_in(row.payload).title), run.partner, row.institution_id
            )
            for key, row in first_of.items()
        ]


def _found_institutions(connection: Connection, new: Sequence[Spelling]) -> None:
    if new:
        connection.execute(
            insert_into(connection, institution).on_conflict_do_nothing(),
            [{"id": s.target, "match_key": s.key, "name": s.name.text} for s in new],
        )


def _put_institutions(connection: Connection, run: OpenRun) -> None:
    spelling = institution_spelling
    is_its = spelling.c.match_key == staged.c.institution_key
    differs = spelling.c.institution_id != staged.c.institution_id
    connection.execute(
        update(staged)
        .where(_changed(run), exists().where(is_its, differs))
        .values(institution_id=select(spelling.c.institution_id).where(is_its).scalar_subquery())
    )


def _put_course_keys(connection: Connection, run: OpenRun) -> None:
    """Let other spellings, and what operators decided, stand for a course's first spelling."""
    is_its = course_spelling.c.match_key == staged.c.match_key
    differs = course_spelling.c.course_key != course_spelling.c.match_key
    of_first = select(course_spelling.c.course_key).where(is_its).scalar_subquery()
    pinned = (
        select(course.c.match_key)
        .join(course_link, course_link.c.course_id == course.c.id)
        .where(course_link.c.offering_id == staged.c.offering_id)
    )
    is_pinned = course_link.c.pinned
    for condition, key in (
        (exists().where(is_its, differs), of_first),
        (pinned.where(is_pinned).exists(), pinned.where(is_pinned).scalar_subquery()),
    ):
        connection.execute(
            update(staged)
            .where(_changed(run), condition)
            .values(
                spelling_key=func.coalesce(staged.c.spelling_key, staged.c.match_key),
                match_key=key,
            )
        )
