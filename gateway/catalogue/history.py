"""What a partner's last sync runs came to."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from gateway.catalogue.runs import Counts
from gateway.storage.sync_tables import sync_run
from schema.model.values import PartnerCode


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as it ended, or as it goes; `cursor` is where one under way would be resumed."""

    id: int
    outcome: str
    reason: str | None
    started_at: datetime
    ended_at: datetime | None
    pages: int
    cursor: str | None
    revision: int | None
    counts: Counts

    @property
    def took(self) -> timedelta | None:
        """How long it took, once it has ended."""
        return self.ended_at - self.started_at if self.ended_at else None


def read_runs(connection: Connection, partner: PartnerCode, limit: int) -> Sequence[PastRun]:
    """Return a partner's last runs, newest first."""
    question = select(sync_run).where(sync_run.c.partner == partner)
    told = [each.name for each in fields(PastRun) if each.name != "counts"]
    return [
        PastRun(
            **{name: getattr(row, name) for name in told},
            counts=Counts(**{each.name: getattr(row, each.name) for each in fields(Counts)}),
        )
        for row in connection.execute(question.order_by(sync_run.c.id.desc()).limit(limit))
    ]
