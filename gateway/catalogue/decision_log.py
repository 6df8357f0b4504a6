"""What operators decided about lists and links: written with the deed, read newest first."""

import json
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from gateway.catalogue.cursors import Key, Place, from_cursor, to_cursor, to_digest
from gateway.storage.decision_tables import decision
from gateway.storage.engine import Database
from schema.model.decisions import CatalogueDecision, CatalogueDecisionKind
from schema.ports import Slice, Window

_AS_THEY_STAND = 0  # the revision in cursors: the log has no older lists to go on in
_QUESTION = to_digest("decisions")


def record(connection: Connection, made: CatalogueDecision) -> None:
    """Write down a decision, in the transaction that carries it out."""
    connection.execute(
        insert(decision).values(
            kind=made.kind,
            targets=json.dumps(made.targets),
            by=made.by,
            at=made.at,
            outcome=made.outcome,
            about=made.about,
            reason=made.reason,
        )
    )


class DecisionLog:
    """Reads the log: implements `schema.decision_ports.CatalogueDecisions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read_decisions(self, window: Window) -> Slice[CatalogueDecision]:
        """Return decisions, the newest first; forwards only.  Raises `BadCursorError`."""
        return await self._database.read(lambda connection: _page(connection, window))


def _page(connection: Connection, window: Window) -> Slice[CatalogueDecision]:
    total = connection.execute(select(func.count()).select_from(decision)).scalar_one()
    question, size = select(decision).order_by(decision.c.id.desc()), window.first or 0
    if window.after is not None:
        question = question.where(decision.c.id < from_cursor(window.after, _QUESTION, (0,)).key[0])
    rows = connection.execute(question.limit(size + 1)).all()
    keys: list[Key] = [(row.id,) for row in rows[:size]]
    return Slice(
        nodes=[_to_decision(row) for row in rows[:size]],
        cursors=[to_cursor(Place(_AS_THEY_STAND, key), _QUESTION) for key in keys],
        has_next=len(rows) > size,
        has_previous=window.after is not None,
        total=total,
    )


def _to_decision(row: Row[Any]) -> CatalogueDecision:
    return CatalogueDecision(
        kind=CatalogueDecisionKind(row.kind),
        targets=tuple(json.loads(row.targets)),
        by=row.by,
        at=row.at,
        outcome=row.outcome,
        about=row.about,
        reason=row.reason,
    )
