"""Processes hide what is blocked before the catalogue has followed, and keep it up to date."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.catalogue.approvals import ApprovalDesk
from gateway.catalogue.blocks import BlockFollower
from gateway.catalogue.changes import ChangeFeed
from gateway.catalogue.follower import CatalogueFollower
from gateway.catalogue.links import LinkDesk
from gateway.storage import catalogue_tables as tables
from schema.model.blocks import EVERY_BUNDLE, Approval, BlockScope, Decision
from schema.model.catalogue import Course, Offering
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

pytestmark = pytest.mark.anyio

CONFIGS = [a_partner(), a_partner(PINTARIA)]
STANDING = [an_offering(str(n), f"Lain {n}") for n in range(20, 29)]  # so that few are withdrawn
BARISTA = an_offering("1", "Barista")
PAKET = an_offering("2", "Paket Satu", bundle=True)
PINTARIAS = an_offering("1", "Barista", partner=PINTARIA, price=99_000)


@pytest.fixture
def log(bench: Workbench) -> BlockLog:
    return BlockLog(bench.clock)


@pytest.fixture
async def partner(bench: Workbench) -> ScriptedPartner:
    found = ScriptedPartner([BARISTA, PAKET, *STANDING])
    await bench.sync(found)
    await bench.sync(ScriptedPartner([PINTARIAS]), a_partner(PINTARIA))
    return found


@pytest.fixture
async def follower(bench: Workbench, partner: ScriptedPartner) -> CatalogueFollower:
    """A process that serves what stands."""
    found = CatalogueFollower(bench.store, CONFIGS, bench.clock)
    await found.refresh()
    return found


@pytest.fixture
def blocks(bench: Workbench, log: BlockLog, follower: CatalogueFollower) -> BlockFollower:
    return BlockFollower(log, bench.database, bench.clock, hide=follower.hide_blocked)


def shown(follower: CatalogueFollower) -> dict[str, Course]:
    found = follower.reader(NOON).courses(CourseQuery(), Window(first=100))
    return {each.title: each for each in found.nodes if not each.title.startswith("Lain")}


async def assert_as_one_that_starts(bench: Workbench, follower: CatalogueFollower) -> None:
    """Check that a process that has followed shows what one shows that starts now."""
    other = CatalogueFollower(bench.store, CONFIGS, bench.clock)
    await other.refresh()
    assert shown(follower) == shown(other)
    assert follower.snapshot.courses == other.snapshot.courses
    assert follower.snapshot.offerings == other.snapshot.offerings


async def test_what_is_blocked_is_hidden_before_the_catalogue_has_followed(
    bench: Workbench, log: BlockLog, follower: CatalogueFollower
):
    revision, name = follower.snapshot.revision, follower.snapshot.name
    log.block(BlockScope.PARTNER, TOKOPEDIA)

    await follower.hide_blocked(*await log.read_standing())
    at_once = shown(follower)
    await follower.refresh()

    assert await bench.store.read_revision() == revision
    assert at_once == {}
    assert shown(follower)["Barista"].offerings == (PINTARIAS,)
    assert follower.snapshot.name.startswith(f"{name}+")
    assert not follower.former.is_whole


async def test_what_is_no_longer_blocked_is_shown_before_the_catalogue_has_followed(
    log: BlockLog, blocks: BlockFollower, follower: CatalogueFollower
):
    block = log.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.refresh()
    await follower.refresh()
    hidden = shown(follower)
    log.lift(block)

    await follower.hide_blocked(*await log.read_standing())

    assert (hidden.keys(), shown(follower).keys()) == ({"Barista"}, {"Barista", "Paket Satu"})


@pytest.mark.parametrize(
    ("scope", "value"), [(BlockScope.PARTNER, TOKOPEDIA), (BlockScope.BUNDLE, EVERY_BUNDLE)]
)
async def test_following_a_block_reads_no_course(
    bench: Workbench,
    log: BlockLog,
    blocks: BlockFollower,
    follower: CatalogueFollower,
    scope: BlockScope,
    value: str,
):
    revision = follower.snapshot.revision
    block = log.block(scope, value)
    await blocks.refresh()
    changes = await bench.store.read_changes(revision)

    await follower.refresh()

    assert (changes.revision, changes.courses) == (revision + 1, [])
    assert follower.snapshot.name == str(revision + 1)
    await assert_as_one_that_starts(bench, follower)
    log.lift(block)
    await blocks.refresh()
    await follower.refresh()
    await assert_as_one_that_starts(bench, follower)


async def test_a_process_that_hears_nothing_of_the_ledger_follows_the_catalogue(
    bench: Workbench, log: BlockLog, blocks: BlockFollower, follower: CatalogueFollower
):
    other = CatalogueFollower(bench.store, CONFIGS, bench.clock)
    await other.refresh()
    log.block(BlockScope.PARTNER, TOKOPEDIA)
    await blocks.refresh()

    await other.refresh()

    assert shown(other).keys() == {"Barista"}
    await assert_as_one_that_starts(bench, other)


@pytest.mark.parametrize(
    ("now_listed", "expected"),
    [
        pytest.param([replace(PAKET, price=None)], {"Paket Satu": None}, id="changed"),
        pytest.param([], {}, id="withdrawn"),
        pytest.param(
            [PAKET, an_offering("3", "Paket Dua", bundle=True)],
            {"Paket Satu": PAKET.price, "Paket Dua": PAKET.price},
            id="added",
        ),
        pytest.param([replace(PAKET, bundle=False)], {"Paket Satu": PAKET.price}, id="unbundled"),
    ],
)
async def test_what_changes_while_it_is_hidden_is_right_when_it_is_shown(  # noqa: PLR0913, PLR0917
    bench: Workbench,
    log: BlockLog,
    blocks: BlockFollower,
    partner: ScriptedPartner,
    follower: CatalogueFollower,
    now_listed: Sequence[Offering],
    expected: dict[str, object],
):
    block = log.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.refresh()
    await follower.refresh()
    partner.lists([BARISTA, *now_listed, *STANDING])
    await bench.sync(partner)
    await follower.refresh()
    await assert_as_one_that_starts(bench, follower)
    log.lift(block)

    await blocks.refresh()
    await follower.refresh()

    found = shown(follower)
    del found["Barista"]
    assert {title: course.lowest_price for title, course in found.items()} == expected
    await assert_as_one_that_starts(bench, follower)


async def test_what_is_approved_while_it_is_blocked_is_shown_when_the_block_ends(
    bench: Workbench, log: BlockLog, blocks: BlockFollower, follower: CatalogueFollower
):
    block = log.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.refresh()
    waiting = an_offering("3", "Paket Dua", bundle=True)
    manual = a_partner(manual_approval=True)
    await bench.sync(ScriptedPartner([BARISTA, PAKET, waiting, *STANDING]), manual)
    await follower.refresh()
    decision = Decision(Approval.APPROVED, "rina", "checked", (waiting.id,))
    await ApprovalDesk(bench.database, bench.clock).decide(decision)
    await follower.refresh()
    assert shown(follower).keys() == {"Barista"}
    log.lift(block)

    await blocks.refresh()
    await follower.refresh()

    assert shown(follower).keys() == {"Barista", "Paket Satu", "Paket Dua"}


async def test_what_nobody_sees_is_no_change_to_clients(
    bench: Workbench,
    log: BlockLog,
    blocks: BlockFollower,
    partner: ScriptedPartner,
    follower: CatalogueFollower,
):
    log.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.refresh()
    await follower.refresh()
    since = follower.snapshot.revision
    new = an_offering("3", "Paket Dua", bundle=True)
    partner.lists([BARISTA, replace(PAKET, price=None), new, *STANDING])
    await bench.sync(partner)
    await follower.refresh()
    feed = ChangeFeed(bench.database).as_of(follower.reader(NOON), follower.snapshot)

    page = await feed.read_changes(since, 9, None)

    assert (page.revision, page.part.nodes) == (since + 1, [])
    logged = [row for row in await bench.rows(tables.change_log) if row["revision"] > since]
    assert {row["kind"] for row in logged} == {"UNSEEN"}


async def test_the_log_of_blocks_is_forgotten_with_the_changes(
    bench: Workbench, log: BlockLog, blocks: BlockFollower
):
    log.block(BlockScope.BUNDLE, EVERY_BUNDLE)
    await blocks.refresh()

    await ChangeFeed(bench.database).prune(keep=0)

    assert await bench.rows(tables.block_revision) == []


async def test_an_institution_that_takes_in_a_blocked_one_takes_its_block_along(
    bench: Workbench, log: BlockLog, blocks: BlockFollower, desk: LinkDesk
):
    older = an_offering("5", "Menjahit", "LKP Beta Jaya", partner=PINTARIA)
    newer = an_offering("6", "Merias", "LKP Alfa", partner=PINTARIA)
    await bench.sync(ScriptedPartner([PINTARIAS, older]), a_partner(PINTARIA))
    await bench.sync(ScriptedPartner([PINTARIAS, older, newer]), a_partner(PINTARIA))
    follower = CatalogueFollower(bench.store, CONFIGS, bench.clock)
    await follower.refresh()
    names = {each.institution.name: each.institution.id for each in shown(follower).values()}
    log.block(BlockScope.INSTITUTION, names["LKP Alfa"])
    await blocks.refresh()

    await desk.merge_institutions([names["LKP Beta Jaya"], names["LKP Alfa"]], "rina")
    await follower.refresh()

    assert shown(follower).keys() == {"Barista", "Paket Satu"}
    logged = [
        row["kind"]
        for row in await bench.rows(tables.change_log)
        if row["revision"] == follower.snapshot.revision
    ]
    assert sorted(logged) == ["UNSEEN", "WITHDRAWN"]
