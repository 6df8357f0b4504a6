"""What a reconciled day leaves behind: one report, which is read by pages and made anew."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.errors import PartnerUnavailableError
from gateway.enrolment.reconcile import Reconciler
from gateway.enrolment.reconciliation_book import ReconciliationBook
from gateway.storage.engine import Database
from gateway.storage.reconcile_tables import reconciliation_drift
from schema.model.enrolment import EnrolmentStatus
from schema.model.reconciliation import DriftKind, ReconciliationState
from schema.model.values import PartnerCode
from schema.ports import BadCursorError, Window
from tests.integration.enrolment.histories import DAY, PARTNER, Day, ListingPartner, Past
from tests.integration.enrolment.reconciling import ALL, ONE_OF_EACH, Clock, found, reconciled, rows

pytestmark = pytest.mark.anyio

K, S = DriftKind, EnrolmentStatus


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
