"""Names against those that are known: what a new spelling is a spelling of, and why.

Only names that were never met before are compared, and only with those that share a block
key, so the work grows with what is new.  Functions of a connection: the caller owns the
transaction.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any

from sqlalchemy import Column, Connection, Table, exists, literal, or_, select, text

from gateway.catalogue.identity.choosing import Choice, Compare, KnownSpellings, Spelling, choose
from gateway.catalogue.identity.names import Name, to_institution, to_title
from gateway.catalogue.identity.scores import Likeness, compare_institutions, compare_titles
from gateway.storage.catalogue_tables import (
    course_spelling,
    institution,
    institution_spelling,
    likely_pair,
)
from gateway.storage.upsert import insert_into

RULE = "RULE"
OPERATOR = "OPERATOR"
COURSE = "COURSE"
INSTITUTION = "INSTITUTION"

BLOCKS = ("block_1", "block_2", "block_3")


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between recognising courses and institutions."""

    name: str
    table: Table
    target: Column[Any]
    to_name: Callable[[str], Name]
    compare: Compare
    scope: Column[Any] | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """New spellings: which are names of their own, and which several names are likely for."""

    own: list[Spelling]
    torn: list[Spelling]


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


def recognise_names(
    connection: Connection, kind: Kind, new: Sequence[Spelling], now: datetime
) -> Met:
    """Write down what each of `new` is a spelling of."""
    keys = {each.key: (each.compact_key, *each.blocks) for each in new}
    known = _known(connection, kind, new, keys)
    rows, pairs, met = [], [], Met([], [])
    for spelling in new:
        its_keys = keys[spelling.key]
        choice = choose(spelling, known.near(its_keys), kind.compare)
        if choice.of is None:
            met.own.append(spelling)
        if choice.is_torn:
            met.torn.append(spelling)
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
    return met


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
