"""A list that looks wrong is held for an operator; what stands stays until they decide."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.base import LeftOut, Page, Rejection, Validators
from adapters.errors import UnreadableListError
from gateway.catalogue import runs
from gateway.catalogue.decision_log import DecisionLog
from gateway.catalogue.decisions import HeldLists
from gateway.catalogue.freshness import freshness, health
from gateway.catalogue.history import read_runs
from gateway.storage import catalogue_tables as tables
from gateway.storage import sync_tables
from gateway.storage.leases import Leases
from schema.model.catalogue import Offering, Session
from schema.model.decisions import CatalogueDecisionKind as Kind
from schema.model.held import AlarmKind, DecisionErrorCode, HeldSync, ListChangeKind
from schema.model.values import FreshnessState, Money, PartnerHealth, RemoteId
from schema.ports import Window
from tests.catalogue import (
    PINTARIA,
    TOKOPEDIA,
    ScriptedPartner,
    a_partner,
    an_offering,
    offerings,
)
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio


def decisions(bench: Workbench) -> HeldLists:
    return HeldLists(bench.database, Leases(bench.database, bench.clock), bench.clock)


async def the_held(bench: Workbench) -> HeldSync:
    [held] = await decisions(bench).read_held()
    return held


async def outcomes(bench: Workbench) -> list[str]:
    found = await bench.database.read(lambda c: read_runs(c, TOKOPEDIA, 50))
    return [run.outcome for run in reversed(found)]


async def held_after(bench: Workbench, *lists: Sequence[Offering] | Page) -> ScriptedPartner:
    """Sync each of `lists`; the last is held."""
    partner = ScriptedPartner()
    for each in lists:
        partner.lists(each)
        done = await bench.sync(partner)
    assert done.withheld
    return partner


def priced(*prices: int | None, start: int = 1) -> list[Offering]:
    return [
        an_offering(str(n), f"Kursus Nomor {n}", price=price)
        for n, price in enumerate(prices, start=start)
    ]


def with_fields(listed: Sequence[Offering], **fields: int) -> Page:
    return Page(tuple(listed), fields=fields)


async def test_an_empty_list_withdraws_nothing(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists([])

    done = await bench.sync(partner)

    assert (done.failure, done.withheld) == (None, "would withdraw 10 of 10 offerings")
    assert len(await bench.live_titles()) == 10
    assert await bench.store.read_revision() == 1


async def test_an_empty_list_that_is_good_again_leaves_no_trace(bench: Workbench):
    partner = await held_after(bench, offerings(10), [])
    partner.lists(offerings(10))

    done = await bench.sync(partner)

    assert (done.withheld, done.unchanged) == (None, 10)
    assert await decisions(bench).read_held() == []
    assert await outcomes(bench) == ["APPLIED", "SUPERSEDED", "UNCHANGED"]
    status = await bench.status()
    assert (status.held_run, status.withheld_since, status.withheld_reason) == (None, None, None)


async def test_a_held_list_makes_the_partner_stale_and_not_down(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    good = bench.clock.moment
    partner.lists(offerings(3))
    await bench.sync(partner)

    status = await bench.status()
    found = freshness(a_partner(), status, bench.clock.moment)

    assert (found.state, found.fetched_at) == (FreshnessState.STALE, good)
    assert found.reason == (
        "its new list is held for an operator since 2026-03-02 12:02 UTC "
        "(would withdraw 7 of 10 offerings)"
    )
    assert health(status) is PartnerHealth.DEGRADED
    assert status.failing_since is None


async def test_the_operator_sees_what_would_change(bench: Workbench):
    listed = [*priced(1, start=1), *offerings(2, start=2), an_offering("99", "Baru", price=5)]
    await held_after(bench, offerings(10), listed)

    held = await the_held(bench)

    assert (held.added, held.changed, held.unchanged, held.withdrawn) == (1, 1, 2, 7)
    assert [alarm.kind for alarm in held.alarms] == [AlarmKind.WITHDRAWAL]
    shown = {(each.kind, each.key): each for each in held.examples}
    added, repriced = (
        shown[ListChangeKind.ADDED, "99"],
        shown[ListChangeKind.REPRICED, "1"],
    )
    assert (added.title, added.before, added.after) == ("Baru", None, Money(5))
    assert (repriced.before, repriced.after) == (Money(350_000), Money(1))
    assert sum(kind is ListChangeKind.WITHDRAWN for kind, _ in shown) == 5


async def test_approving_applies_the_list_as_it_was_staged(bench: Workbench):
    partner = await held_after(bench, offerings(10), priced(1, 2, 350_000))
    partner.lists(offerings(10))  # what the partner says by now is not what was shown
    held = await the_held(bench)
    bench.clock.turn(minutes=5)

    done = await decisions(bench).approve(held.run, "rina")

    assert (done.partner, done.revision, done.refusals) == (TOKOPEDIA, 2, ())
    assert len(await bench.live_titles()) == 3
    fact = await bench.store.read_fact(an_offering("2").id)
    assert fact is not None
    assert fact.price == Money(2)
    assert await outcomes(bench) == ["APPLIED", "APPLIED"]
    assert await bench.count(sync_tables.staged_offering) == 0
    status = await bench.status()
    assert (status.offerings, status.held_run, status.withheld_since) == (3, None, None)
    assert status.fetched_at == held.read_at == bench.clock.moment - timedelta(minutes=5)


async def test_approving_joins_sessions_that_came_apart_once(bench: Workbench):
    session = Session(TOKOPEDIA, RemoteId("s1"), capacity=20)
    orphan = Session(TOKOPEDIA, RemoteId("s2"))
    apart = Page(
        tuple(offerings(1)), sessions=((RemoteId("1"), session), (RemoteId("nowhere"), orphan))
    )
    await held_after(bench, offerings(10), apart)

    await decisions(bench).approve((await the_held(bench)).run, "rina")

    fact = await bench.store.read_fact(an_offering("1").id)
    assert fact is not None
    assert fact.offering.sessions == (session,)
    assert len(await bench.store.read_quarantine(TOKOPEDIA)) == 1


async def test_a_decision_names_the_run_that_was_shown(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    shown = await the_held(bench)
    partner.lists(offerings(2))
    await bench.sync(partner)

    done = await decisions(bench).approve(shown.run, "rina")

    assert [each.code for each in done.refusals] == [DecisionErrorCode.NOT_HELD]
    assert len(await bench.live_titles()) == 10
    newer = await the_held(bench)
    assert newer.run != shown.run
    assert newer.since == shown.since  # held for the like all the while


async def test_a_list_held_for_something_else_is_held_since_now(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    partner.lists(priced(*[3_500_000] * 10))

    await bench.sync(partner)

    assert (await the_held(bench)).since == bench.clock.moment


async def test_a_good_list_takes_the_place_of_the_held_one(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    partner.lists(offerings(9))

    done = await bench.sync(partner)

    assert (done.withheld, done.withdrawn) == (None, 1)
    assert await decisions(bench).read_held() == []
    assert await bench.count(sync_tables.staged_offering) == 0


async def test_the_very_same_list_is_held_under_the_same_run(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    first = await the_held(bench)

    await bench.sync(partner)

    again = await the_held(bench)
    assert replace(again, read_at=first.read_at) == first
    assert again.read_at > first.read_at
    assert await bench.count(sync_tables.staged_offering) == 3


async def test_a_rejected_list_is_not_asked_about_again(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))

    rejected = await decisions(bench).reject((await the_held(bench)).run, "rina")
    done = await bench.sync(partner)

    assert (rejected.partner, rejected.revision) == (TOKOPEDIA, None)
    assert done.rejected
    assert await decisions(bench).read_held() == []
    assert await outcomes(bench) == ["APPLIED", "REJECTED", "REJECTED"]
    assert len(await bench.live_titles()) == 10
    assert await bench.count(sync_tables.staged_offering) == 0
    reason = freshness(a_partner(), await bench.status(), bench.clock.moment).reason or ""
    assert reason.endswith("(rejected by an operator: would withdraw 7 of 10 offerings)")
    [made] = (await DecisionLog(bench.database).read_decisions(Window(first=9))).nodes
    assert (made.kind, made.by, made.about) == (Kind.LIST_REJECTED, "rina", TOKOPEDIA)


async def test_after_a_rejection_another_list_is_asked_about(bench: Workbench):
    partner = await held_after(bench, offerings(10), offerings(3))
    await decisions(bench).reject((await the_held(bench)).run, "rina")
    partner.lists(offerings(2))

    done = await bench.sync(partner)

    assert done.withheld
    assert not done.rejected
    assert (await the_held(bench)).withdrawn == 8


async def test_no_decision_while_the_list_is_being_read(bench: Workbench):
    await held_after(bench, offerings(10), offerings(3))
    held = await the_held(bench)

    async with Leases(bench.database, bench.clock).held(f"sync:{TOKOPEDIA}"):
        done = await decisions(bench).approve(held.run, "rina")

    assert [each.code for each in done.refusals] == [DecisionErrorCode.SYNC_RUNNING]
    assert len(await bench.live_titles()) == 10


async def test_approving_abandons_a_run_that_was_killed(bench: Workbench):
    """Its unchanged rows are digests of what stood before."""
    partner = await held_after(bench, offerings(10), priced(*[3_500_000] * 10))
    partner.lists(offerings(9), offerings(1, start=10))
    partner.fails_once(asyncio.CancelledError(), at="1")
    with pytest.raises(asyncio.CancelledError):
        await bench.sync(partner)

    await decisions(bench).approve((await the_held(bench)).run, "rina")

    assert await outcomes(bench) == ["APPLIED", "APPLIED", "ABANDONED"]
    partner.lists(priced(*[3_500_000] * 10))
    assert (await bench.sync(partner)).unchanged == 10


async def test_a_held_list_is_not_what_the_partner_is_asked_to_compare_with(bench: Workbench):
    good, bad = Validators(etag='"good"'), Validators(etag='"bad"')
    partner = ScriptedPartner(Page(tuple(offerings(10)), validators=good))
    await bench.sync(partner)
    partner.lists(Page(tuple(offerings(1)), validators=bad))
    await bench.sync(partner)

    await bench.sync(partner)
    assert partner.asked[-1] == (None, good)

    await decisions(bench).approve((await the_held(bench)).run, "rina")
    await bench.sync(partner)
    assert partner.asked[-1] == (None, bad)


async def test_not_modified_means_that_the_held_list_is_taken_back(bench: Workbench):
    good = Validators(etag='"good"')
    partner = ScriptedPartner(Page(tuple(offerings(10)), validators=good))
    await bench.sync(partner)
    partner.lists(offerings(1))
    await bench.sync(partner)
    partner.modified = lambda known: known != good

    done = await bench.sync(partner)

    assert done.not_modified
    assert await decisions(bench).read_held() == []
    assert (await bench.status()).withheld_since is None


async def test_prices_times_ten_are_held_and_shown(bench: Workbench):
    before = [*priced(35_000, 80_000, 120_000, 0), *priced(99_000, None, start=5)]
    after = [*priced(350_000, 800_000, 1_200_000, 0), *priced(99_000, None, start=5)]
    await held_after(bench, before, after)

    held = await the_held(bench)

    assert [alarm.message for alarm in held.alarms] == [
        "multiplies the prices of 3 of 4 offerings by ten or more"
    ]
    assert {(each.key, each.before, each.after) for each in held.examples} == {
        ("1", Money(35_000), Money(350_000)),
        ("2", Money(80_000), Money(800_000)),
        ("3", Money(120_000), Money(1_200_000)),
    }


async def test_a_field_that_was_always_there_and_has_another_name_is_named(bench: Workbench):
    listed = offerings(8)
    before = with_fields(listed, id=8, course_name=8, price=8, badge=2)
    after = with_fields(listed, id=8, course_title=8, price=8)
    await held_after(bench, before, after)

    held = await the_held(bench)

    assert [alarm.message for alarm in held.alarms] == [
        "lost a field: course_name seems to be called course_title now"
    ]
    assert await bench.count(tables.change_log) == 8


async def test_what_we_no_longer_read_is_a_lost_field_too(bench: Workbench):
    await held_after(bench, offerings(8), priced(*[None] * 8))

    assert [alarm.message for alarm in (await the_held(bench)).alarms] == [
        "lost what we read as price: nearly every row had it"
    ]


async def test_another_mapping_may_read_other_fields(bench: Workbench):
    partner = ScriptedPartner(with_fields(offerings(8), id=8, nama=8))
    await bench.sync(partner)
    partner.lists(with_fields(priced(*[None] * 8), id=8, judul=8))

    done = await bench.sync(partner, a_partner(options={"mapping": {"title": "judul"}}))

    assert done.withheld is None


async def test_a_list_of_which_no_row_can_be_read_is_held_beside_what_stands(bench: Workbench):
    bad = tuple(Rejection(n, None, "title: is empty", "{}") for n in range(1, 9))
    broken = Page(rejections=bad, fields={"id": 8, "course_title": 8})
    error = UnreadableListError(TOKOPEDIA, "no row can be read", broken)
    partner = ScriptedPartner(with_fields(offerings(8), id=8, course_name=8))
    await bench.sync(partner)
    partner.fails_once(error)

    done = await bench.sync(partner)

    assert done.failure is None
    held = await the_held(bench)
    assert held.quarantined == 8
    assert {alarm.kind for alarm in held.alarms} == {
        AlarmKind.WITHDRAWAL,
        AlarmKind.UNREADABLE,
        AlarmKind.FIELD_LOST,
    }
    assert "course_name seems to be called course_title now" in (done.withheld or "")


async def test_rows_that_a_rule_leaves_out_do_not_hide_that_no_other_can_be_read(bench: Workbench):
    partner = ScriptedPartner(offerings(8))
    await bench.sync(partner)
    bad = tuple(Rejection(n, str(n), "price: is not a price", "{}") for n in range(1, 9))
    partner.lists(Page(rejections=bad, left_out=(LeftOut("9", "archived"),)))

    await bench.sync(partner)

    held = await the_held(bench)
    assert [alarm.message for alarm in held.alarms] == ["none of its 8 rows can be read"]


async def test_a_first_list_of_which_no_row_can_be_read_is_a_failure(bench: Workbench):
    partner = ScriptedPartner([])
    broken = Page(rejections=(Rejection(1, None, "title: is empty", "{}"),))
    partner.fails_once(UnreadableListError(TOKOPEDIA, "no row can be read", broken))

    done = await bench.sync(partner)

    assert (done.failure, done.withheld) == ("no row can be read", None)


async def test_growth_over_ten_times_is_held_until_approved(bench: Workbench):
    partner = ScriptedPartner(offerings(150))
    await bench.sync(partner)
    sheets = [offerings(1_500, start=1 + 1_500 * sheet) for sheet in range(10)]
    partner.lists(*sheets)

    done = await bench.sync(partner)

    assert done.withheld == "would grow from 150 offerings to 15000"
    assert len(await bench.live_titles()) == 150

    held = await the_held(bench)
    approved = await decisions(bench).approve(held.run, "rina")

    assert approved.revision == 2
    assert (held.added, held.unchanged, held.withdrawn) == (14_850, 150, 0)
    assert len(await bench.live_titles()) == 15_000
    assert (await bench.sync(partner)).unchanged == 15_000


async def test_one_bad_row_in_ten_thousand_costs_only_itself(bench: Workbench):
    rows = offerings(10_000)
    bad = Rejection(17, "5000", "price: 'Hubungi kami' is not a price", "{}")
    good = [*rows[:4_999], *rows[5_000:]]
    sheets: list[Sequence[Offering] | Page] = [
        Page(tuple(good[start : start + 1_000]), rejections=(bad,) if start == 4_000 else ())
        for start in range(0, 10_000, 1_000)
    ]
    partner = ScriptedPartner(*sheets)

    done = await bench.sync(partner)

    assert (done.fetched, done.added, done.quarantined) == (10_000, 9_999, 1)
    assert done.withheld is None
    [row] = await bench.store.read_quarantine(TOKOPEDIA)
    assert (row.key, row.reason) == ("5000", "price: 'Hubungi kami' is not a price")
    assert (await bench.status()).offerings == 9_999


async def test_a_run_killed_before_its_end_is_held_when_resumed(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists(offerings(2), offerings(1, start=3))
    partner.fails_once(asyncio.CancelledError(), at="1")
    with pytest.raises(asyncio.CancelledError):
        await bench.sync(partner)
    partner.asked.clear()

    done = await bench.sync(partner)

    assert [cursor for cursor, _ in partner.asked] == ["1"]
    assert done.withheld == "would withdraw 7 of 10 offerings"
    assert (await the_held(bench)).unchanged == 3


async def test_the_held_list_outlives_many_runs(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "KEPT_RUNS", 2)
    partner = await held_after(bench, offerings(10), offerings(3))
    shown = await the_held(bench)
    for _ in range(5):
        await bench.sync(partner)

    done = await decisions(bench).approve(shown.run, "rina")

    assert done.refusals == ()
    assert len(await bench.live_titles()) == 3


async def test_each_partner_has_its_own(bench: Workbench):
    await held_after(bench, offerings(10), offerings(3))
    other = ScriptedPartner(offerings(10, PINTARIA))
    config = a_partner(PINTARIA)
    await bench.sync(other, config)
    other.lists([])
    await bench.sync(other, config)

    held = await decisions(bench).read_held()

    assert [each.partner for each in held] == [TOKOPEDIA, PINTARIA]


async def test_past_runs_tell_counts_and_duration(bench: Workbench):
    await held_after(bench, offerings(10), offerings(3))

    newest, first = await bench.database.read(lambda c: read_runs(c, TOKOPEDIA, 10))

    assert (first.outcome, first.counts.added, first.revision) == ("APPLIED", 10, 1)
    assert (newest.outcome, newest.counts.withdrawn, newest.revision) == ("HELD", 7, None)
    assert newest.reason == "would withdraw 7 of 10 offerings"
    assert newest.took == timedelta()
