"""Places taken through us that partners may not have counted yet, kept in memory for readers."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select

from gateway.enrolment.places import takes_place
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from schema.model.values import PartnerCode, SessionId

LONGEST_AGE = timedelta(days=1)  # settled places older than this are surely counted by the partner


class SeatBoard:
    """Implements `schema.ports.SeatCounts` from the ledger, as of the last `refresh`.

    `fetched_at` tells when a partner's own count of seats was last read: places that
    were settled before are in it already.
    """

    def __init__(
        self,
        ledger: Database,
        fetched_at: Callable[[PartnerCode], datetime | None],
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._fetched_at = fetched_at
        self._now = now
        self._taken: Mapping[SessionId, int] = {}

    def taken(self, session_id: SessionId) -> int:
        """Return how many live enrolments hold a place of this session."""
        return self._taken.get(session_id, 0)

    @property
    def booked(self) -> Collection[SessionId]:
        """The sessions of which `taken` is not 0."""
        return self._taken.keys()

    async def refresh(self) -> None:
        """Count anew."""
        oldest = self._now() - LONGEST_AGE
        rows = await self._ledger.read(lambda connection: _read_places(connection, oldest))
        counted = {partner: self._fetched_at(partner) for partner in {row[1] for row in rows}}
        self._taken = Counter(
            session
            for session, partner, settled in rows
            if _is_uncounted(settled, counted[partner])
        )


Place = tuple[SessionId, PartnerCode, datetime | None]


def _read_places(connection: Connection, oldest: datetime) -> list[Place]:
    settled = enrolment.c.settled_at
    question = select(enrolment.c.session_id, enrolment.c.partner, settled).where(
        enrolment.c.session_id.is_not(None),
        takes_place(),
        or_(settled.is_(None), settled > oldest),
    )
    return [
        (SessionId(row[0]), PartnerCode(row[1]), row[2]) for row in connection.execute(question)
    ]


def _is_uncounted(settled: datetime | None, counted: datetime | None) -> bool:
    return settled is None or counted is None or settled >= counted
