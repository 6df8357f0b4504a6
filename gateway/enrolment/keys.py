"""Idempotency keys: what a key was first used for, and what came of it.

A key belongs to one learner and one mutation, and is remembered for thirty days.  What is
remembered is a success, or the refusals of rules; what only says "not now" is not, so that the
same key may be tried again.  Functions of a connection, as in `ledger`; whoever records holds
the learner's lock.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, select, tuple_

from gateway.enrolment import ledger, policy
from gateway.storage.ledger_tables import enrolment, idempotency_key
from gateway.storage.sets import insert_all, is_one_row_of
from schema.model.enrolment import EnrolErrorCode, EnrolOutcome, EnrolRequest, Refusal, RuleValue
from schema.model.values import LearnerId

ENROL = "enrol"
SALE = "partnerSale"
KEPT_FOR = timedelta(days=30)
NOT_NOW = frozenset(
    {
        EnrolErrorCode.IN_PROGRESS,
        EnrolErrorCode.PARTNER_UNAVAILABLE,
        EnrolErrorCode.TOO_MANY_REQUESTS,
    }
)
_SCOPE = ("learner_id", "mutation", "key")
_PRUNED_AT_ONCE = 5_000  # so that nobody waits long for it


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One use of a key: whose, for which mutation, and a hash of the input that came with it."""

    learner: LearnerId
    mutation: str
    key: str
    input_hash: str


def use_of(learner: LearnerId, mutation: str, key: str, said: Sequence[object]) -> KeyUse:
    """Return a use of a key; `said` is all of the input but the key, in a fixed order."""
    digest = hashlib.sha256(json.dumps(list(said)).encode()).hexdigest()
    return KeyUse(learner, mutation, key, digest)


def use_by(request: EnrolRequest) -> KeyUse:
    """Return how a request to enrol uses its key."""
    said = (request.offering_id, request.session_id, request.expected_price)
    return use_of(request.learner, ENROL, request.idempotency_key, said)


def use_by_sale(request: EnrolRequest) -> KeyUse:
    """Return how a partner's sale uses its key."""
    return replace(use_by(request), mutation=SALE)


def read_outcome(connection: Connection, use: KeyUse, now: datetime) -> EnrolOutcome | None:
    """Return what came of the first use of a key, with the enrolment as it stands now.

    None: this is the first, or the last one is forgotten.  Other input is a conflict.
    """
    return read_outcomes(connection, [use], now).get(use)


def read_outcomes(
    connection: Connection, uses: Sequence[KeyUse], now: datetime
) -> Mapping[KeyUse, EnrolOutcome]:
    """Return what came of the first uses of keys, as `read_outcome` does, without the new ones."""
    table = idempotency_key
    scopes = {(use.learner, use.mutation, use.key): use for use in uses}
    scope = [table.c[name] for name in _SCOPE]
    rows = connection.execute(
        select(table).where(is_one_row_of(connection, scope, list(scopes)))
    ).all()
    found = {  # judged here: asked for the age, SQLite would go through all keys by age
        scopes[row.learner_id, row.mutation, row.key]: row
        for row in rows
        if row.created_at > now - KEPT_FOR
    }
    return {use: _to_outcome(connection, use, row) for use, row in found.items()}


def _to_outcome(connection: Connection, use: KeyUse, row: Row[Any]) -> EnrolOutcome:
    if row.input_hash != use.input_hash:
        return EnrolOutcome(None, (policy.IDEMPOTENCY_CONFLICT,))
    refusals = tuple(_to_refusal(each) for each in row.refusals)
    if row.enrolment_id is None:
        return EnrolOutcome(None, refusals)
    filed = ledger.read_filed(connection, enrolment.c.id == row.enrolment_id)
    return EnrolOutcome(filed.enrolment if filed else None, refusals)


def record(connection: Connection, use: KeyUse, outcome: EnrolOutcome, now: datetime) -> None:
    """Keep what came of the first use of a key, unless it is only "not now"."""
    record_all(connection, [(use, outcome, now)])


def record_all(
    connection: Connection, made: Iterable[tuple[KeyUse, EnrolOutcome, datetime]]
) -> None:
    """Keep what came of the first uses of keys, as `record` does."""
    rows = [
        {
            "learner_id": use.learner,
            "mutation": use.mutation,
            "key": use.key,
            "input_hash": use.input_hash,
            "enrolment_id": outcome.enrolment.id if outcome.enrolment else None,
            "refusals": [asdict(refusal) for refusal in outcome.refusals],
            "created_at": now,
        }
        for use, outcome, now in made
        if not any(refusal.code in NOT_NOW for refusal in outcome.refusals)
    ]
    # what stands there already is forgotten, else it would have been read
    insert_all(connection, idempotency_key, rows, replacing=_SCOPE)


def prune(connection: Connection, now: datetime) -> int:
    """Drop some of the keys that are forgotten; return how many, 0 when there are none left."""
    table = idempotency_key
    scope = (table.c.learner_id, table.c.mutation, table.c.key)
    forgotten = (
        select(*scope)
        .where(table.c.created_at <= now - KEPT_FOR)
        .limit(_PRUNED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    return connection.execute(delete(table).where(tuple_(*scope).in_(forgotten))).rowcount


def _to_refusal(told: dict[str, Any]) -> Refusal:
    field = told["field"]
    values = told.get("values") or ()  # rows from before rules were named have none
    return Refusal(
        code=EnrolErrorCode(told["code"]),
        message=told["message"],
        field=tuple(field) if field else None,
        rule=told.get("rule"),
        values=tuple(RuleValue(**value) for value in values),
    )
