"""What institutions teach, as it is looked at when names are recognised anew.

Functions of a connection: the caller owns the transaction.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from gateway.catalogue.drafts import course_key, draft_institution
from gateway.catalogue.identity.choosing import Spelling
from gateway.catalogue.identity.grouping import Member
from gateway.catalogue.identity.names import to_title
from gateway.catalogue.records import names_in
from gateway.catalogue.spellings import OPERATOR
from gateway.catalogue.standing import CHUNK, chunks
from gateway.storage.catalogue_tables import (
    block,
    course,
    course_link,
    course_spelling,
    offering,
    redirect,
)
from schema.model.blocks import BlockScope


@dataclass(frozen=True, slots=True)
class Shelved:
    """An offering of a course, and the key of its title as its partner spells it.

    `stays` is one that an operator has pinned to its course.
    """

    id: str
    partner: str
    key: str
    course_id: str
    match_key: str
    title: str
    spelled: str
    institution_key: str
    stays: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Title:
    """A title as it is written down: of which institution, and under which course's key."""

    member: Member
    institution_id: str
    course_key: str


def read_shelved(connection: Connection, scopes: Collection[str]) -> Sequence[Shelved]:
    """Return every offering of these institutions' courses, the eldest first."""
    found: list[Shelved] = []
    for ids in chunks(sorted(scopes)):
        rows = connection.execute(
            select(offering.c.id, offering.c.partner, offering.c.key, offering.c.course_id)
            .add_columns(offering.c.match_key, offering.c.payload, offering.c.withdrawn)
            .add_columns(course_link.c.pinned)
            .join(course, course.c.id == offering.c.course_id)
            .outerjoin(course_link, course_link.c.offering_id == offering.c.id)
            .where(course.c.institution_id.in_(ids))
            .order_by(offering.c.added_run, offering.c.id)
            .execution_options(yield_per=CHUNK)  # payloads are long
        )
        found += map(_to_shelved, rows)
    return found


def read_titles(
    connection: Connection, scopes: Collection[str], shelved: Sequence[Shelved], now: datetime
) -> Sequence[Title]:
    """Return the titles that are known of these institutions, the eldest first.

    Those of a course that is blocked are as operators have them: no rule takes them out of it.
    """
    rows = [
        row
        for ids in chunks(sorted(scopes))
        for row in connection.execute(
            select(course_spelling)
            .where(course_spelling.c.institution_id.in_(ids), course_spelling.c.name != "")
            .order_by(course_spelling.c.decided_at, course_spelling.c.match_key)
        )
    ]
    sellers: dict[str, set[str]] = {}
    for each in shelved:
        if not each.withdrawn:
            sellers.setdefault(each.spelled, set()).add(each.partner)
    blocked, givers = _blocked_keys(connection), _givers(connection, rows)
    found = []
    for row in rows:
        is_elsewhere = givers.get(row.course_key, row.institution_id) != row.institution_id
        since = now if row.course_key in blocked else None
        found.append(_to_title(row, sellers, blocked_since=since, is_elsewhere=is_elsewhere))
    return found


def _givers(connection: Connection, rows: Sequence[Any]) -> Mapping[str, str]:
    """Return of which institution the titles are that these rows are spellings of."""
    found: dict[str, str] = {}
    for keys in chunks(sorted({row.course_key for row in rows})):
        for row in connection.execute(
            select(course_spelling.c.match_key, course_spelling.c.institution_id).where(
                course_spelling.c.match_key.in_(keys)
            )
        ):
            found[row.match_key] = row.institution_id
    return found


def to_members(titles: Sequence[Title]) -> Iterator[Sequence[Member]]:
    """Give the titles of each institution."""
    by_scope: dict[str, list[Member]] = {}
    for each in titles:
        by_scope.setdefault(each.institution_id, []).append(each.member)
    yield from by_scope.values()


def _to_shelved(row: Any) -> Shelved:
    listed = names_in(row.payload)
    institution = draft_institution(listed.institution)
    return Shelved(
        id=row.id,
        partner=row.partner,
        key=row.key,
        course_id=row.course_id,
        match_key=row.match_key,
        title=listed.title,
        spelled=course_key(institution, listed.title),
        institution_key=institution.key,
        stays=bool(row.pinned),
        withdrawn=row.withdrawn,
    )


def _to_title(
    row: Any,
    sellers: Mapping[str, set[str]],
    *,
    blocked_since: datetime | None,
    is_elsewhere: bool,
) -> Title:
    """Return a title; one of what another institution gives is its own, if no operator said so."""
    is_decided = row.decided_by == OPERATOR or blocked_since is not None
    target = row.match_key if is_elsewhere and not is_decided else row.course_key
    spelling = Spelling(row.match_key, target, to_title(row.name), row.partner, row.institution_id)
    member = Member(
        spelling,
        own=row.match_key,
        since=blocked_since or row.decided_at,
        partners=frozenset(sellers.get(row.match_key, {row.partner})),
        is_decided=is_decided,
    )
    return Title(member, row.institution_id, row.course_key)


def _blocked_keys(connection: Connection) -> frozenset[str]:
    """Return the keys of the courses that are blocked by name."""
    named = select(block.c.value).where(block.c.scope == BlockScope.COURSE)
    moved = select(redirect.c.new_id).where(redirect.c.old_id.in_(named))
    is_named = or_(course.c.id.in_(named), course.c.id.in_(moved))
    return frozenset(connection.execute(select(course.c.match_key).where(is_named)).scalars())
