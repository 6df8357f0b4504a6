"""Operators have a day compared now: in the background, one at a time, written down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from adapters.base import Cursor, Statement
from gateway.enrolment.calendar import start_of
from gateway.enrolment.reconcile import Reconciler
from gateway.enrolment.reconcile_requests import ReconciliationDesk
from gateway.enrolment.reconcile_schedule import LEASE
from gateway.storage.audit_tables import audit_record
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from schema.model.reconciliation import (
    DriftKind,
    ReconcileErrorCode,
    ReconcileWish,
    Reconciliation,
    ReconciliationState,
)
from schema.model.values import PartnerCode
from schema.ports import Window
from tests.integration.enrolment.histories import DAY, PARTNER, Day, ListingPartner, Past

pytestmark = pytest.mark.anyio

NOW = start_of(DAY + timedelta(days=3))
CODE = ReconcileErrorCode


class SlowPartner(ListingPartner):
    """Gives its statement when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def fetch_statement(
        self, code: PartnerCode, day: date, cursor: Cursor | None = None
    ) -> Statement:
        await self.may_answer.wait()
        return await super().fetch_statement(code, day, cursor)


def clock() -> datetime:
    return NOW


@asynccontextmanager
async def opened(database: Database, partner: ListingPartner) -> AsyncIterator[ReconciliationDesk]:
    reconciler = Reconciler(database, partner, now=clock)
    desk = ReconciliationDesk(database, reconciler, [PARTNER], now=clock)
    try:
        yield desk
    finally:
        await desk.stop()


def a_wish(partner: str = PARTNER, day: date = DAY) -> ReconcileWish:
    return ReconcileWish(PartnerCode(partner), day, "rina")


async def reported(desk: ReconciliationDesk) -> Reconciliation:
    async with asyncio.timeout(5):
        while not (reports := (await desk.read_reports(Window(first=1))).nodes):  # noqa: ASYNC110 - as a client polls
            await asyncio.sleep(0.01)
    return reports[0]


async def test_a_comparison_goes_on_behind_the_answer(ledger_db: Database):
    partner = SlowPartner()
    day = Day(partner)
    drifted = [Past(), Past(drift=DriftKind.MISSING_AT_PARTNER)]
    await ledger_db.write(lambda c: day.write(c, drifted))

    async with opened(ledger_db, partner) as desk:
        started = await desk.start(a_wish())
        too_soon = await desk.start(a_wish())
        partner.may_answer.set()
        report = await reported(desk)

    assert (started.reconciliation, started.refusals) == (None, ())
    assert [each.code for each in too_soon.refusals] == [CODE.IN_PROGRESS]
    assert (report.state, report.drift.count) == (ReconciliationState.DRIFT, 1)
    acts = select(audit_record.c.act, audit_record.c.target, audit_record.c.by)
    told = await ledger_db.read(lambda c: [tuple(row) for row in c.execute(acts)])
    assert told == [("RECONCILIATION_STARTED", f"reconciliation:{PARTNER}:{DAY}", "rina")]


async def test_the_report_that_stands_is_told_while_a_new_one_is_made(ledger_db: Database):
    day = Day()
    before = await Reconciler(ledger_db, day.partner, now=clock).reconcile(PARTNER, DAY)

    async with opened(ledger_db, SlowPartner()) as desk:
        started = await desk.start(a_wish())

    assert started.reconciliation == before


async def test_while_another_process_reconciles_nothing_is_begun(ledger_db: Database):
    async with (
        Leases(ledger_db, clock).held(LEASE) as is_theirs,
        opened(ledger_db, ListingPartner()) as desk,
    ):
        refused = await desk.start(a_wish())

    assert is_theirs
    assert [each.code for each in refused.refusals] == [CODE.IN_PROGRESS]


async def test_stopping_leaves_the_turn_to_others(ledger_db: Database):
    async with opened(ledger_db, SlowPartner()) as desk:
        await desk.start(a_wish())

    async with Leases(ledger_db, clock).held(LEASE) as is_free:
        assert is_free


@pytest.mark.parametrize(
    ("wish", "code", "field"),
    [
        (a_wish("nobody\0"), CODE.NOT_FOUND, "partner"),
        (a_wish(day=DAY + timedelta(days=4)), CODE.INVALID_VALUE, "day"),
    ],
)
async def test_what_cannot_be_compared_is_refused(
    ledger_db: Database, wish: ReconcileWish, code: ReconcileErrorCode, field: str
):
    async with opened(ledger_db, ListingPartner()) as desk:
        outcome = await desk.start(wish)

    assert [(each.code, each.field) for each in outcome.refusals] == [(code, ("input", field))]
