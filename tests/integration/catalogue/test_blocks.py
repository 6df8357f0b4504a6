"""The catalogue follows central blocks, on both engines."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from gateway.catalogue.blocks import BlockFollower
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.records import from_payload
from gateway.catalogue.visibility import is_on_sale
from gateway.storage import catalogue_tables as tables
from schema.model.blocks import EVERY_BUNDLE, BlockScope
from schema.model.values import PartnerCode
from schema.ports import CourseQuery, Window
from tests.catalogue import (
    NOON,
    PINTARIA,
    TOKOPEDIA,
    ScriptedPartner,
    a_partner,
    an_offering,
)
from tests.integration.catalogue.block_log import BlockLog
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.on_sale import (
    BARISTA,
    DESAIN,
    EVERYTHING,
    PAKET,
    PINTARIAS,
    three_on_sale,
)

pytestmark = pytest.mark.anyio

ON_SALE = select(tables.offering.c.payload).where(is_on_sale())


@pytest.fixture
def ledger(bench: Workbench) -> BlockLog:
    return BlockLog(bench.clock)


@pytest.fixture
def blocks(bench: Workbench, ledger: BlockLog) -> BlockFollower:
    return BlockFollower(ledger, bench.database, bench.clock)


@pytest.fixture
async def partner(bench: Workbench) -> ScriptedPartner:
    return await three_on_sale(bench)


async def target(bench: Workbench, scope: BlockScope) -> str:
    fact = await bench.store.read_fact(BARISTA.id)
    return fact.targets[scope][0]


@pytest.mark.parametrize(
    ("scope", "value", "left"),
    [
        (BlockScope.COURSE, None, {"Desain", "Paket Hemat"}),
        (BlockScope.INSTITUTION, None, {"Desain", "Paket Hemat"}),
        (BlockScope.OFFERING, None, EVERYTHING),  # the other partner still sells it
        (BlockScope.PARTNER, None, {"Barista"}),
        (BlockScope.CATEGORY, "kopi", EVERYTHING),  # the other partner names no category
        (BlockScope.DELIVERY_MODE, "ONSITE", {"Barista", "Paket Hemat"}),
        (BlockScope.BUNDLE, EVERY_BUNDLE, {"Barista", "Desain"}),
    ],
)
async def test_each_scope_takes_its_own_off_sale_and_gives_it_back(  # noqa: PLR0913, PLR0917
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner, scope, value, left
):
    block = ledger.block(scope, value or await target(bench, scope))
    await blocks.refresh()
    blocked = await bench.live_titles()
    payloads = await bench.database.read(lambda c: c.execute(ON_SALE).scalars().all())
    on_sale = {from_payload(each).listed.title for each in payloads}
    ledger.lift(block)

    await blocks.refresh()

    assert blocked == left
    assert on_sale == left
    assert await bench.live_titles() == EVERYTHING


async def test_a_course_is_not_described_by_an_offering_that_is_blocked_while_another_is_sold(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower
):
    described = an_offering("1", "Barista", "LKP Kopi", description_html="<p>Kopi</p>")
    await bench.sync(ScriptedPartner([described]))
    await bench.sync(ScriptedPartner([PINTARIAS]), a_partner(PINTARIA))
    fact = await bench.store.read_fact(described.id)
    course = fact.targets[BlockScope.COURSE][0]
    told = [await bench.store.read_descriptions([course])]

    for offering in (described, PINTARIAS):
        ledger.block(BlockScope.OFFERING, offering.id)
        await blocks.refresh()
        told.append(await bench.store.read_descriptions([course]))

    assert told == [{course: "<p>Kopi</p>"}, {}, {course: "<p>Kopi</p>"}]


async def test_a_block_is_a_revision_that_says_what_went(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    before = await bench.store.read_revision()
    block = ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.refresh()
    ledger.lift(block)
    await blocks.refresh()
    some = ledger.block(BlockScope.OFFERING, BARISTA.id)
    await blocks.refresh()

    log = [row for row in await bench.rows(tables.change_log) if row["revision"] > before]

    assert [(row["revision"] - before, row["kind"]) for row in log] == [
        (1, "WITHDRAWN"), (2, "ADDED"), (3, "CHANGED"),
    ]  # fmt: skip
    assert some.id == ledger.number


async def test_following_twice_changes_nothing(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.follow()
    revision = await bench.store.read_revision()

    await blocks.follow()
    await BlockFollower(ledger, bench.database, bench.clock).follow()

    assert await bench.store.read_revision() == revision


async def test_what_two_blocks_name_comes_back_with_the_last(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    first = ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    second = ledger.block(BlockScope.PARTNER, TOKOPEDIA)
    await blocks.refresh()
    ledger.lift(second)
    await blocks.refresh()
    with_one = await bench.live_titles()
    ledger.lift(first)

    await blocks.refresh()

    assert with_one == {"Barista", "Desain"}
    assert await bench.live_titles() == EVERYTHING


async def test_a_block_waits_for_its_time(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE, hours=1)
    await blocks.refresh()
    before = await bench.live_titles()
    bench.clock.turn(hours=1)

    await blocks.refresh()

    assert before == EVERYTHING
    assert await bench.live_titles() == {"Barista", "Desain"}


async def test_a_slower_clock_does_not_take_a_block_back(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE, hours=1)
    slow = BlockFollower(ledger, bench.database, lambda: NOON)
    bench.clock.turn(hours=2)
    await blocks.follow()

    await slow.follow()

    assert await bench.live_titles() == {"Barista", "Desain"}


async def test_old_news_do_not_undo_newer_ones(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    old = replace(ledger, blocks=[])
    ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.follow()

    await BlockFollower(old, bench.database, bench.clock).follow()

    assert await bench.live_titles() == {"Barista", "Desain"}


async def test_what_arrives_while_it_is_blocked_is_not_shown(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    block = ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.refresh()
    partner.lists([BARISTA, DESAIN, PAKET, an_offering("4", "Paket Lengkap", bundle=True)])
    await bench.sync(partner)
    blocked = await bench.live_titles()
    ledger.lift(block)

    await blocks.refresh()

    assert blocked == {"Barista", "Desain"}
    assert await bench.live_titles() == {*EVERYTHING, "Paket Lengkap"}


async def test_a_change_of_kind_is_judged_anew(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.refresh()
    partner.lists([BARISTA, replace(DESAIN, bundle=True), replace(PAKET, bundle=False)])

    await bench.sync(partner)

    assert await bench.live_titles() == {"Barista", "Paket Hemat"}


async def test_a_blocked_course_still_resolves_and_enrolling_is_told_what_it_is(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.refresh()
    follower = CatalogueFollower(bench.store, [a_partner()], bench.clock)
    await follower.refresh()

    fact = await bench.store.read_fact(PAKET.id)

    assert follower.reader(NOON).course_of(PAKET.id).withdrawn
    assert (fact.withdrawn, fact.approved) == (False, True)
    assert fact.targets[BlockScope.BUNDLE] == (EVERY_BUNDLE,)


async def test_two_processes_show_a_block(bench: Workbench, ledger: BlockLog, partner):
    followers = [
        CatalogueFollower(bench.store, [a_partner()], bench.clock, poll_seconds=0.02)
        for _ in range(2)
    ]
    tasks = [asyncio.create_task(each.run()) for each in followers]
    for each in followers:
        catalogue = BlockFollower(
            ledger, bench.database, bench.clock, each.notify, poll_seconds=0.02
        )
        tasks.append(asyncio.create_task(catalogue.run()))

    def shown() -> list[set[str]]:
        return [
            {
                course.title
                for course in each.reader(NOON).courses(CourseQuery(), Window(first=9)).nodes
            }
            for each in followers
        ]

    async def until_shown(titles: set[str]) -> None:
        async with asyncio.timeout(2):
            while shown() != [titles, titles]:  # noqa: ASYNC110 - as a client would see it
                await asyncio.sleep(0.01)

    await until_shown(EVERYTHING)
    block = ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await until_shown({"Barista", "Desain"})
    ledger.lift(block)
    await until_shown(EVERYTHING)
    for task in tasks:
        task.cancel()


async def test_blocks_and_syncs_at_once_leave_nothing_shown_that_is_blocked(
    bench: Workbench, ledger: BlockLog, blocks: BlockFollower, partner
):
    ledger.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    partners = [PartnerCode(f"partner{n}") for n in range(4)]
    lists = [
        [an_offering(str(n), f"Paket {code} {n}", partner=code, bundle=True) for n in range(20)]
        for code in partners
    ]

    await asyncio.gather(
        blocks.follow(),
        *(
            bench.sync(ScriptedPartner(each), a_partner(code))
            for code, each in zip(partners, lists, strict=True)
        ),
    )

    assert await bench.live_titles() == {"Barista", "Desain"}
