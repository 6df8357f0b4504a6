"""Telling operators how far syncs are, whichever process reads the list.

Runs keep their checkpoint in the database; who follows looks there a few times a second, and
is told what has changed since the last look.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from gateway.catalogue.runs import RunOutcome
from gateway.storage.engine import Database
from gateway.storage.sync_tables import sync_run
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode

LOOK_SECONDS = 0.3
_COUNTED = (
    "total", "fetched", "added", "changed", "unchanged", "withdrawn", "quarantined", "duplicates",
    "left_out",
)  # fmt: skip
_WITHHELD = frozenset({RunOutcome.HELD, RunOutcome.REJECTED})


class SyncWatch:
    """Follows syncs: implements `schema.sync_ports.SyncWatch`."""

    def __init__(self, database: Database, look_seconds: float = LOOK_SECONDS) -> None:
        self._database = database
        self._look_seconds = look_seconds

    async def follow(
        self, partner: PartnerCode | None = None
    ) -> AsyncGenerator[SyncProgress, None]:
        """Give how far each sync is, and how it ended: one partner's, or everybody's.

        A look that comes too late for a page is told of the next.
        """
        newest = await self._database.read(_newest)
        told: dict[int, SyncProgress] = {}  # runs that had not ended
        while True:
            for run_id, progress in (await self._look(partner, newest, told)).items():
                newest = max(newest, run_id)
                if told.get(run_id) != progress:
                    yield progress
                told[run_id] = progress
            told = {run_id: each for run_id, each in told.items() if not each.finished}
            await asyncio.sleep(self._look_seconds)

    async def _look(
        self, partner: PartnerCode | None, newest: int, told: Mapping[int, SyncProgress]
    ) -> Mapping[int, SyncProgress]:
        def look(connection: Connection) -> Mapping[int, SyncProgress]:
            run = sync_run.c
            question = select(sync_run).where(
                or_(run.outcome == RunOutcome.RUNNING, run.id > newest, run.id.in_(told))
            )
            if partner is not None:
                question = question.where(run.partner == partner)
            rows = connection.execute(question.order_by(run.id))
            return {row.id: _to_progress(row) for row in rows}

        return await self._database.read(look)


def _newest(connection: Connection) -> int:
    found: int | None = connection.execute(select(func.max(sync_run.c.id))).scalar_one()
    return found or 0


def _to_progress(row: Row[Any]) -> SyncProgress:
    outcome = RunOutcome(row.outcome)
    return SyncProgress(
        partner=PartnerCode(row.partner),
        finished=outcome is not RunOutcome.RUNNING,
        not_modified=outcome is RunOutcome.NOT_MODIFIED,
        failure=row.reason if outcome is RunOutcome.FAILED else None,
        withheld=row.reason if outcome in _WITHHELD else None,
        rejected=outcome is RunOutcome.REJECTED,
        **{name: getattr(row, name) for name in _COUNTED},
    )
