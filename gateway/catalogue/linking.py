"""Recognises names before they are written: other spellings get the key of the first one.

Only names that were never met before are compared, and only with those that share a block
key, so the work grows with what is new.  Behind this step the join is exact again: staged
rows carry the match key of their course's first spelling, or of the course that an operator
has put them into.  Functions of a connection: the caller owns the transaction.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Table,
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

from gateway.catalogue.identity.choosing import Choice, Compare, KnownSpellings, Spelling, choose
from gateway.catalogue.identity.names import Name, to_institution, to_title
from gateway.catalogue.identity.scores import Likeness, compare_institutions, compare_titles
from gateway.catalogue.runs import OpenRun
from gateway.storage.catalogue_tables import (
    course,
    course_link,
    course_spelling,
    institution,
    institution_spelling,
    likely_pair,
    offering,
)
from gateway.storage.catalogue_tables import staged_offering as staged
from gateway.storage.columns import Instant
from gateway.storage.upsert import insert_into

RULE = "RULE"
OPERATOR = "OPERATOR"
COURSE = "COURSE"
INSTITUTION = "INSTITUTION"

BLOCKS = ("block_1", "block_2", "block_3")
CHUNK = 1_000  # names looked up at once
_LOCK = 0x4D495452  # "MITR": names are recognised by one transaction at a time


class _Listed(msgspec.Struct):
    title: str


class _Titled(msgspec.Struct):
    listed: _Listed


_titles = msgspec.json.Decoder(_Titled)


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between recognising courses and institutions."""

    name: str
    table: Table
    target: Column[Any]
    to_name: Callable[[str], Name]
    compare: Compare
    scope: Column[Any] | None = None


INSTITUTIONS = Kind(
    INSTITUTION,
    institution_spelling,
    institution_spelling.c.institution_id,
    to_institution,
    compare_institutions,
)
TITLES = Kind(
    COURSE,
    course_spelling,
    course_spelling.c.course_key,
    to_title,
    compare_titles,
    course_spelling.c.institution_id,
)


def lock_names(connection: Connection) -> None:
    """Let no other transaction found or join names until this one ends."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def recognise(connection: Connection, run: OpenRun, now: datetime) -> None:
    """Give the run's changed rows the institution and the match key that their names stand for."""
    if _has_new_names(connection, run):  # others may be founding what we are about to look for
        lock_names(connection)
    for new in _new_institutions(connection, run):
        _found_institutions(connection, recognise_names(connection, INSTITUTIONS, new, now))
    _put_institutions(connection, run)
    for new in _new_titles(connection, run):
        recognise_names(connection, TITLES, new, now)
    _put_course_keys(connection, run)


def write_links(connection: Connection, run: OpenRun, now: datetime) -> None:
    """Keep why each changed offering belongs to a course that it has not founded."""
    changed = select(offering.c.id).where(offering.c.changed_run == run.id)
    by_rule = course_link.c.decided_by == RULE
    connection.execute(delete(course_link).where(by_rule, course_link.c.offering_id.in_(changed)))
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


def recognise_names(
    connection: Connection, kind: Kind, new: Sequence[Spelling], now: datetime
) -> Sequence[Spelling]:
    """Write down what each of `new` is a spelling of; return those that are names of their own."""
    keys = {each.key: (each.compact_key, *each.blocks) for each in new}
    known = _known(connection, kind, new, keys)
    rows, pairs, own = [], [], []
    for spelling in new:
        its_keys = keys[spelling.key]
        choice = choose(spelling, known.near(its_keys), kind.compare)
        if choice.of is None:
            own.append(spelling)
        known.add(_as_chosen(spelling, choice), its_keys)
        rows.append(_to_row(kind, spelling, its_keys, choice) | _decided(choice.likeness, now))
        pairs += [
            {"kind": kind.name, "match_key": spelling.key, "other_key": other.key}
            | _decided(likeness, now)
            for other, likeness in choice.unsure
        ]
    connection.execute(insert_into(connection, kind.table).on_conflict_do_nothing(), rows)
    if pairs:
        connection.execute(insert_into(connection, likely_pair).on_conflict_do_nothing(), pairs)
    return own


def _as_chosen(spelling: Spelling, choice: Choice) -> Spelling:
    return spelling if choice.of is None else replace(spelling, target=choice.target)


def _known(
    connection: Connection,
    kind: Kind,
    new: Sequence[Spelling],
    keys: Mapping[str, tuple[int, ...]],
) -> KnownSpellings:
    """Return what is known of names equal to the new ones, or alike.

    Titles are alike only across partners: where nobody else teaches for an institution,
    there is nothing to look for.
    """
    known = KnownSpellings(())
    equal = {its_keys[0] for its_keys in keys.values()}
    for each in _stored(connection, kind, "compact_key", equal):
        known.add(each, [each.compact_key])
    shared = new if kind.scope is None else _in_shared_scopes(connection, new)
    alike = {block for each in shared for block in keys[each.key][1:]}
    for column in BLOCKS if alike else ():
        for each in _stored(connection, kind, column, alike):
            known.add(each, each.blocks)
    return known


def _in_shared_scopes(connection: Connection, new: Sequence[Spelling]) -> Sequence[Spelling]:
    """Return the titles of institutions of which another partner lists titles, too."""
    partner, spelling = new[0].partner, course_spelling
    is_of = spelling.c.institution_id == institution.c.id
    by_another = (  # two ranges of an index, of which one entry each is enough
        exists().where(is_of, spelling.c.partner < partner),
        exists().where(is_of, spelling.c.partner > partner),
    )
    scopes = {each.scope for each in new}
    found = connection.execute(
        select(institution.c.id).where(institution.c.id.in_(scopes), or_(*by_another))
    )
    shared = set(found.scalars())
    return [each for each in new if each.scope in shared]


def _to_row(kind: Kind, spelling: Spelling, keys: Sequence[int], choice: Choice) -> dict[str, Any]:
    compact, *blocks = keys
    row = {
        "match_key": spelling.key,
        kind.target.name: choice.target,
        "name": spelling.name.text,
        "partner": spelling.partner,
        "compact_key": compact,
    }
    row |= dict(zip_longest(BLOCKS, blocks))
    return row if kind.scope is None else row | {kind.scope.name: spelling.scope}


def _decided(likeness: Likeness, now: datetime) -> dict[str, Any]:
    return {
        "score": likeness.score,
        "rules": json.dumps(likeness.rules) if likeness.rules else "[]",
        "decided_by": RULE,
        "decided_at": now,
    }


def _stored(
    connection: Connection, kind: Kind, column: str, keys: Collection[int]
) -> Iterator[Spelling]:
    """Yield the known spellings that have one of `keys` in a column.

    The keys are numbers of our own and stand in the statement: there may be thousands.
    """
    scope = literal("") if kind.scope is None else kind.scope
    question = select(
        kind.table.c.match_key, kind.target, kind.table.c.name, kind.table.c.partner, scope
    ).where(text(f"{column} IN ({', '.join(map(str, keys))})"))
    for key, target, name, partner, in_scope in connection.execute(question):
        yield Spelling(key, target, kind.to_name(name), partner, in_scope)


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
            Spelling(key, key, to_title(_title(row.payload)), run.partner, row.institution_id)
            for key, row in first_of.items()
        ]


def _title(payload: str) -> str:
    return _titles.decode(payload).listed.title


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
