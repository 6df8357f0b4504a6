"""Ours, theirs and the money, compared: what is wrong is found, and nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from adapters.errors import PartnerUnavailableError
from gateway.enrolment.calendar import start_of
from gateway.enrolment.reconcile import Reconciler
from gateway.enrolment.reconcile_schedule import KEEPS_LOOKING, ReconcileSchedule
from gateway.enrolment.reconciliation_book import ReconciliationBook
from gateway.storage.engine import Database
from gateway.storage.reconcile_tables import reconciliation_drift, statement_line
from schema.model.enrolment import EnrolmentStatus
from schema.model.reconciliation import DriftKind, Reconciliation, ReconciliationState, Sum
from schema.model.values import PartnerCode
from schema.ports import BadCursorError, Window
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

pytestmark = pytest.mark.anyio
ALL = Window(first=10_000)
K, S = DriftKind, EnrolmentStatus
LATER = start_of(DAY + timedelta(days=3))
ONE_OF_EACH = [Past(BEFALLS[kind][0], drift=kind) for kind in DriftKind]


class Clock:
    """Stands still until a test moves it."""

    def __init__(self, time: datetime = LATER) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


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


async def test_a_report_is_read_page_by_page_until_it_is_made_anew(ledger_db: Database):
    day, book = Day(), ReconciliationBook(ledger_db)
    await reconciled(ledger_db, day, ONE_OF_EACH)
    whole = await book.read_drifts(ALL, PARTNER, day.day)

    pages = [await book.read_drifts(Window(first=5), PARTNER, day.day)]
    while pages[-1].has_next:
        window = Window(first=5, after=pages[-1].cursors[-1])
        pages.append(await book.read_drifts(window, PARTNER, day.day))

    assert [drift for page in pages for drift in page.nodes] == list(whole.nodes)
    assert {page.total for page in pages} == {len(ONE_OF_EACH)}
    of_old = Window(first=5, after=pages[0].cursors[-1])
    with pytest.raises(BadCursorError):  # of one kind it is another list
        await book.read_drifts(of_old, PARTNER, day.day, K.HOLD_MISSING)
    await Reconciler(ledger_db, day.partner, now=Clock()).reconcile(PARTNER, DAY)
    with pytest.raises(BadCursorError):
        await book.read_drifts(of_old, PARTNER, day.day)


async def test_reports_are_read_page_by_page_the_latest_first(ledger_db: Database):
    book, days = ReconciliationBook(ledger_db), [DAY + timedelta(days=n) for n in range(3)]
    partners = [PartnerCode("a"), PartnerCode("b")]
    for day in days:
        for partner in partners:
            await Reconciler(ledger_db, ListingPartner(), now=Clock()).reconcile(partner, day)

    pages = [await book.read_reports(Window(first=4))]
    pages.append(await book.read_reports(Window(first=4, after=pages[0].cursors[-1])))

    read = [(report.day, report.partner) for page in pages for report in page.nodes]
    assert read == [(day, partner) for day in reversed(days) for partner in partners]
    assert [(page.has_next, page.total) for page in pages] == [(True, 6), (False, 6)]
    with pytest.raises(BadCursorError):
        await book.read_reports(Window(first=4, after=pages[0].cursors[-1]), since=DAY)


async def test_running_again_gives_the_same_report(ledger_db: Database):
    day = Day()
    first = await reconciled(ledger_db, day, ONE_OF_EACH)

    again = await Reconciler(ledger_db, day.partner, now=Clock()).reconcile(PARTNER, DAY)

    assert again == first
    assert await rows(ledger_db, reconciliation_drift) == len(ONE_OF_EACH)
    assert (await ReconciliationBook(ledger_db).read_reports(ALL)).total == 1


async def test_what_was_put_right_leaves_the_report(ledger_db: Database):
    day = Day()
    await reconciled(ledger_db, day, [Past(drift=K.MISSING_AT_PARTNER), Past()])
    [(_, reference, _)] = await found(ledger_db, day)
    day.partner.known[reference] = "confirmed"

    report = await Reconciler(ledger_db, day.partner, now=Clock()).reconcile(PARTNER, DAY)

    assert report.state is ReconciliationState.CLEAN
    assert await found(ledger_db, day) == []


async def test_a_partner_that_fails_half_way_leaves_the_last_report(ledger_db: Database):
    day = Day()
    before = await reconciled(ledger_db, day, ONE_OF_EACH)
    day.partner.fails = [PartnerUnavailableError(PARTNER, "answered HTTP 503")]

    failed = await Reconciler(ledger_db, day.partner, now=Clock()).reconcile(PARTNER, DAY)

    assert (failed.state, failed.reason) == (ReconciliationState.FAILED, "answered HTTP 503")
    assert replace(failed, state=before.state, reason=None) == before
    assert sorted(await found(ledger_db, day)) == sorted(day.expected)


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
