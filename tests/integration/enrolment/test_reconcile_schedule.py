"""When days are reconciled: once after midnight, again while they drift, and by one process."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.errors import PartnerUnavailableError
from gateway.enrolment.calendar import start_of
from gateway.enrolment.reconcile import Reconciler
from gateway.enrolment.reconcile_schedule import KEEPS_LOOKING, ReconcileSchedule
from gateway.storage.engine import Database
from schema.model.enrolment import EnrolmentStatus
from schema.model.reconciliation import DriftKind, ReconciliationState
from tests.integration.enrolment.histories import DAY, PARTNER, Day, ListingPartner, Past
from tests.integration.enrolment.reconciling import Clock

pytestmark = pytest.mark.anyio

K, S = DriftKind, EnrolmentStatus


async def test_a_day_is_reconciled_once_after_midnight_in_jakarta(ledger_db: Database):
    clock, partner = Clock(datetime(2020, 4, 11, 17, 29, tzinfo=UTC)), ListingPartner()
    schedule = a_schedule(ledger_db, partner, clock)
    await schedule.reconcile_due()
    partner.asked.clear()

    too_early = await schedule.reconcile_due()
    clock.time += timedelta(minutes=1)
    reports = await schedule.reconcile_due()
    again = await schedule.reconcile_due()

    assert too_early == again == []
    assert [(report.partner, report.day) for report in reports] == [(PARTNER, DAY)]
    assert partner.asked == [DAY, DAY + timedelta(days=1)]


async def test_days_that_were_missed_are_made_up_for(ledger_db: Database):
    await ledger_db.write(lambda c: Day().write(c, [Past()]))
    clock = Clock(start_of(DAY + timedelta(days=3)) + timedelta(hours=1))

    reports = await a_schedule(ledger_db, ListingPartner(), clock).reconcile_due()

    assert sorted(report.day for report in reports) == [DAY + timedelta(days=n) for n in range(3)]


async def test_a_day_with_drift_is_looked_at_again_each_day_for_a_week(ledger_db: Database):
    day = Day()
    await ledger_db.write(lambda c: day.write(c, [Past(drift=K.CAPTURE_MISSING)]))
    clock = Clock(start_of(DAY + timedelta(days=1)) + timedelta(hours=1))
    schedule = a_schedule(ledger_db, day.partner, clock)
    times = []

    for _ in range(KEEPS_LOOKING + 2):
        times += [report.day for report in await schedule.reconcile_due()]
        clock.time += timedelta(days=1)

    assert times.count(DAY) == KEEPS_LOOKING
    assert times.count(DAY + timedelta(days=1)) == 1


async def test_a_failed_day_is_tried_again_after_an_hour(ledger_db: Database):
    partner = ListingPartner(fails=[PartnerUnavailableError(PARTNER, "down")])
    clock = Clock(start_of(DAY + timedelta(days=1)) + timedelta(hours=1))
    schedule = a_schedule(ledger_db, partner, clock)
    states = []

    for _ in range(3):
        states += [report.state for report in await schedule.reconcile_due()]
        clock.time += timedelta(minutes=30)

    assert states == [ReconciliationState.FAILED, ReconciliationState.CLEAN]


async def test_of_several_processes_one_reconciles(ledger_db: Database):
    clock, partner = Clock(), ListingPartner()
    schedules = [a_schedule(ledger_db, partner, clock) for _ in range(4)]

    reports = await asyncio.gather(*(each.reconcile_due() for each in schedules))

    assert sum(map(len, reports)) == 1
    assert len(partner.asked) == 2  # the day, and the next


def a_schedule(database: Database, partner: ListingPartner, clock: Clock) -> ReconcileSchedule:
    reconciler = Reconciler(database, partner, now=clock)
    return ReconcileSchedule(database, reconciler, [PARTNER], now=clock)
