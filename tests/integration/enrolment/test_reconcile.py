"""Ours, theirs and the money, compared: what is wrong is found, and nothing else."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.enrolment.calendar import start_of
from gateway.enrolment.reconcile import Reconciler
from gateway.enrolment.reconciliation_book import ReconciliationBook
from gateway.storage.engine import Database
from gateway.storage.reconcile_tables import statement_line
from schema.model.enrolment import EnrolmentStatus
from schema.model.reconciliation import DriftKind, ReconciliationState, Sum
from schema.model.values import PartnerCode
from tests.integration.enrolment.histories import (
    BEFALLS,
    DAY,
    PARTNER,
    SAID,
    SETTLED,
    Day,
    ListingPartner,
    Past,
)
from tests.integration.enrolment.reconciling import ALL, ONE_OF_EACH, Clock, found, reconciled, rows

pytestmark = pytest.mark.anyio

K, S = DriftKind, EnrolmentStatus


def drift_of(pasts: st.SearchStrategy[DriftKind]) -> st.SearchStrategy[Past]:
    return pasts.flatmap(
        lambda kind: st.builds(
            Past,
            status=st.sampled_from(BEFALLS[kind]),
            price=st.integers(1, 10**9),
            drift=st.just(kind),
            late=st.sampled_from([0, 1]),
        )
    )


SOUND = st.builds(
    Past,
    status=st.sampled_from(list(SAID)),
    price=st.sampled_from([0, 1, 350_000]),
    said=st.integers(0, 3),
    late=st.integers(0, 2),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    wrong=st.lists(drift_of(st.sampled_from(list(DriftKind))), max_size=8),
    sound=st.lists(SOUND, max_size=12),
    page=st.integers(1, 5),
    part=st.integers(1, 6),
    order=st.randoms(use_true_random=False),
)
def test_every_drift_is_found_and_nothing_else(a_ledger, wrong, sound, page, part, order):
    database, day = a_ledger(), Day(ListingPartner(page))
    pasts = [*wrong, *sound]
    order.shuffle(pasts)

    async def check() -> None:
        report = await reconciled(database, day, pasts, part)
        drifts = await found(database, day)

        assert len(drifts) == len(wrong)
        assert set(drifts) == day.expected
        assert report.drift == Sum(len(wrong), sum(amount for *_, amount in drifts))
        assert report.enrolments == len(pasts)

    try:
        asyncio.run(check())
    finally:
        database.close()


async def test_one_of_each_kind_is_found_on_both_engines(ledger_db: Database):
    day = Day()

    report = await reconciled(ledger_db, day, [*ONE_OF_EACH, *map(Past, SAID)])

    assert sorted(await found(ledger_db, day)) == sorted(day.expected)
    assert report.state is ReconciliationState.DRIFT
    assert {each.kind: each.count for each in report.drifts} == dict.fromkeys(DriftKind, 1)
    assert await rows(ledger_db, statement_line) == 0


async def test_what_agrees_is_clean_and_sums_alike(ledger_db: Database):
    day = Day()
    pasts = [Past(status, price=100_000) for status in SETTLED] + [Past(S.REJECTED)]

    report = await reconciled(ledger_db, day, pasts)

    assert (report.state, report.drifts) == (ReconciliationState.CLEAN, ())
    assert report.ours == report.theirs == report.captured == Sum(4, 400_000)
    assert (report.enrolments, report.open) == (5, 0)


async def test_a_statement_without_an_end_is_given_up(ledger_db: Database):
    class Endless(ListingPartner):
        async def fetch_statement(self, code, day, cursor=None):
            return replace(await super().fetch_statement(code, day), next_cursor="again")

    report = await reconciled(ledger_db, Day(Endless()), [Past()])

    assert (report.state, report.reason) == (
        ReconciliationState.FAILED,
        "its statement does not end",
    )
    assert await rows(ledger_db, statement_line) == 0


async def test_another_partners_and_another_days_bookings_are_not_judged(ledger_db: Database):
    day, day_before = Day(), Day(day=DAY - timedelta(days=1))
    day_before.partner = day.partner
    booked_after_midnight = [Past(late=1), Past(late=1)]
    await ledger_db.write(lambda c: day_before.write(c, booked_after_midnight))

    report = await reconciled(ledger_db, day, [Past()])
    other = Reconciler(ledger_db, ListingPartner(), now=Clock())
    elsewhere = await other.reconcile(PartnerCode("pintaria"), DAY)

    assert (report.state, report.enrolments) == (ReconciliationState.CLEAN, 1)
    assert (elsewhere.state, elsewhere.enrolments) == (ReconciliationState.CLEAN, 0)


async def test_a_reference_of_another_partner_is_unknown_here(ledger_db: Database):
    day = Day()
    await reconciled(ledger_db, day, [Past()])
    other = Reconciler(ledger_db, day.partner, now=Clock())

    report = await other.reconcile(PartnerCode("pintaria"), DAY)

    assert [each.kind for each in report.drifts] == [K.UNKNOWN_TO_US]


@pytest.mark.parametrize("days", [1, 2, 5])
async def test_a_booking_that_comes_after_we_let_go_is_told_once(ledger_db: Database, days: int):
    given_up = [S.REJECTED, S.EXPIRED, S.CANCELLED]
    pasts = [Past(each, drift=K.STATUS_DIFFERS, late=days) for each in given_up]
    day, found_on = Day(ListingPartner(page=1)), []
    await ledger_db.write(lambda c: day.write(c, [*pasts, Past(late=days), Past(S.IN_DOUBT)]))
    clock = Clock(start_of(DAY + timedelta(days=30)))

    for back in range(days + 2):
        on = DAY + timedelta(days=back)
        await Reconciler(ledger_db, day.partner, now=clock, part=2).reconcile(PARTNER, on)
        drifts = await ReconciliationBook(ledger_db).read_drifts(ALL, PARTNER, on)
        found_on += [(on, drift.kind, drift.reference, drift.amount) for drift in drifts.nodes]

    told_on = DAY if days == 1 else DAY + timedelta(days=days)
    assert sorted(found_on) == sorted((told_on, *each) for each in day.expected)


async def test_what_changes_while_the_statement_is_read_is_left_open(ledger_db: Database):
    day = Day()
    await ledger_db.write(lambda c: day.write(c, [Past(drift=K.STATUS_DIFFERS)]))
    clock = Clock(start_of(DAY))  # the run began before the enrolment's last change

    report = await Reconciler(ledger_db, day.partner, now=clock).reconcile(PARTNER, DAY)

    assert (report.state, report.open) == (ReconciliationState.CLEAN, 1)
