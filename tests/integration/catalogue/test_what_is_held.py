"""Which lists look wrong, and what an operator is shown of them."""

from collections.abc import Sequence

import pytest

from adapters.base import LeftOut, Page, Rejection
from adapters.errors import UnreadableListError
from gateway.storage import catalogue_tables as tables
from schema.model.catalogue import Offering
from schema.model.held import AlarmKind
from schema.model.values import Money
from tests.catalogue import (
    TOKOPEDIA,
    ScriptedPartner,
    a_partner,
    offerings,
)
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.holding import decisions, held_after, priced, the_held, with_fields

pytestmark = pytest.mark.anyio


async def test_an_empty_list_withdraws_nothing(bench: Workbench):
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists([])

    done = await bench.sync(partner)

    assert (done.failure, done.withheld) == (None, "would withdraw 10 of 10 offerings")
    assert len(await bench.live_titles()) == 10
    assert await bench.store.read_revision() == 1


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
    sheets = [offerings(160, start=1 + 160 * sheet) for sheet in range(10)]
    partner.lists(*sheets)

    done = await bench.sync(partner)

    assert done.withheld == "would grow from 150 offerings to 1600"
    assert len(await bench.live_titles()) == 150

    held = await the_held(bench)
    approved = await decisions(bench).approve(held.run, "rina")

    assert approved.revision == 2
    assert (held.added, held.unchanged, held.withdrawn) == (1_450, 150, 0)
    assert len(await bench.live_titles()) == 1_600
    assert (await bench.sync(partner)).unchanged == 1_600


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
