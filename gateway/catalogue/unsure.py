"""Pairs of names that may be one: what an operator is asked, when names are recognised anew."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, delete, insert, select

from gateway.catalogue.identity.grouping import Grouping
from gateway.catalogue.identity.scores import Likeness
from gateway.catalogue.spellings import RULE
from gateway.catalogue.standing import chunks
from gateway.storage.catalogue_tables import likely_pair

Pair = tuple[str, str]


def write_unsure(
    connection: Connection, kind: str, groupings: Sequence[Grouping], now: datetime
) -> None:
    """Let the pairs that may be one be those that these groupings name, of their names."""
    told = {frozenset(pair): like for each in groupings for pair, like in each.unsure.items()}
    known = {
        frozenset(pair): pair
        for pair in _read(connection, kind, chain.from_iterable(each.targets for each in groupings))
    }
    for pair in known.keys() - told.keys():
        first, second = known[pair]
        connection.execute(
            delete(likely_pair).where(
                likely_pair.c.kind == kind,
                likely_pair.c.match_key == first,
                likely_pair.c.other_key == second,
            )
        )
    rows = [_row(kind, sorted(pair), told[pair], now) for pair in told.keys() - known.keys()]
    if rows:
        connection.execute(insert(likely_pair), rows)


def _read(connection: Connection, kind: str, keys: Iterable[str]) -> Iterable[Pair]:
    for some in chunks(list(keys)):
        rows = connection.execute(
            select(likely_pair.c.match_key, likely_pair.c.other_key).where(
                likely_pair.c.kind == kind, likely_pair.c.match_key.in_(some)
            )
        )
        yield from ((row.match_key, row.other_key) for row in rows)


def _row(kind: str, pair: Sequence[str], like: Likeness, now: datetime) -> dict[str, object]:
    first, second = pair
    return {
        "kind": kind,
        "match_key": first,
        "other_key": second,
        "score": like.score,
        "rules": json.dumps(like.rules),
        "decided_by": RULE,
        "decided_at": now,
    }
