"""Days that are written, reconciled, and looked at again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from gateway.enrolment.calendar import start_of
from gateway.enrolment.reconcile import Reconciler
from gateway.enrolment.reconciliation_book import ReconciliationBook
from gateway.storage.engine import Database
from schema.model.reconciliation import DriftKind, Reconciliation
from schema.ports import Window
from tests.integration.enrolment.histories import BEFALLS, DAY, PARTNER, Day, Past

ALL = Window(first=10_000)
LATER = start_of(DAY + timedelta(days=3))
ONE_OF_EACH = [Past(BEFALLS[kind][0], drift=kind) for kind in DriftKind]


class Clock:
    """Stands still until a test moves it."""

    def __init__(self, time: datetime = LATER) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


async def reconciled(
    database: Database, day: Day, pasts: Sequence[Past], part: int = 4
) -> Reconciliation:
    await database.write(lambda connection: day.write(connection, pasts))
    reconciler = Reconciler(database, day.partner, now=Clock(), part=part)
    return await reconciler.reconcile(PARTNER, day.day)


async def found(database: Database, day: Day) -> list[tuple[DriftKind, str, int]]:
    drifts = await ReconciliationBook(database).read_drifts(ALL, PARTNER, day.day)
    return [(drift.kind, drift.reference, drift.amount) for drift in drifts.nodes]


async def rows(database: Database, table) -> int:
    question = select(func.count()).select_from(table)
    return await database.read(lambda c: c.execute(question).scalar_one())
