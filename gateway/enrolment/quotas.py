"""The register of seats that are ours to give: operators set how many, and see how they go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, or_, select

from gateway.enrolment import places
from gateway.enrolment.audit import records as audit
from gateway.enrolment.places import Quota
from gateway.storage.engine import Database
from gateway.storage.ledger_tables import enrolment
from gateway.storage.settling_tables import quota
from schema.model.values import SessionId


@dataclass(frozen=True, slots=True)
class QuotaStanding:
    """The seats of a session, and how many wait for one."""

    quota: Quota
    waiting: int


class QuotaRegister:
    """Sets and lists seats; each change leaves a row in the audit trail."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def set(
        self, session_id: SessionId, capacity: int, waiting_places: int, by: str
    ) -> Quota:
        """Set how many seats there are and how many may wait.  Raises `QuotaError`."""
        now = self._now()

        def change(connection: Connection) -> Quota:
            made = places.set_quota(connection, session_id, capacity, waiting_places)
            act = audit.Act.SEATS_SET
            audit.record(
                connection, act, session_id, by=by, at=now, seats=capacity, waiting=waiting_places
            )
            return made

        return await self._database.write(change)

    async def is_known(self, session_id: SessionId) -> bool:
        """Return whether we have given seats of a session, or somebody has enrolled in it."""
        return await self._database.read(lambda connection: _is_known(connection, session_id))

    async def read_all(self) -> Sequence[QuotaStanding]:
        """Return all sessions whose seats are ours."""
        return await self._database.read(_read_all)


def _is_known(connection: Connection, session_id: SessionId) -> bool:
    ours = exists().where(quota.c.session_id == session_id)
    enrolled = exists().where(enrolment.c.session_id == session_id)
    return connection.execute(select(or_(ours, enrolled))).scalar_one()


def _read_all(connection: Connection) -> Sequence[QuotaStanding]:
    rows = connection.execute(select(quota).order_by(quota.c.session_id)).all()
    return [
        QuotaStanding(
            Quota(SessionId(row.session_id), row.capacity, row.taken, row.waiting_places),
            places.count_waiting(connection, SessionId(row.session_id)),
        )
        for row in rows
    ]
