"""Following syncs that run anywhere, on both engines."""

import asyncio
from contextlib import aclosing

import pytest

from adapters.errors import PartnerUnavailableError
from gateway.catalogue.watching import SyncWatch
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode
from tests.catalogue import PINTARIA, TOKOPEDIA, ScriptedPartner, a_partner, offerings
from tests.integration.catalogue.conftest import Workbench

pytestmark = pytest.mark.anyio


async def until_end(bench: Workbench, *syncs, partner: PartnerCode | None = None):
    """Return what a follower is told while `syncs` run, until as many have ended."""
    told: list[SyncProgress] = []
    begun = asyncio.Event()

    async def follow() -> None:
        async with aclosing(SyncWatch(bench.database, look_seconds=0).follow(partner)) as watch:
            begun.set()
            async for progress in watch:
                told.append(progress)
                if sum(each.finished for each in told) == len(syncs):
                    return

    following = asyncio.create_task(follow())
    await begun.wait()
    await asyncio.sleep(0.05)  # so that the newest run is known
    for sync in syncs:
        await sync
    await following
    return told


async def test_a_follower_is_told_of_the_end_with_all_counts(bench: Workbench):
    told = await until_end(bench, bench.sync(ScriptedPartner(offerings(3), offerings(2, start=4))))

    assert told[-1] == SyncProgress(TOKOPEDIA, fetched=5, added=5, finished=True)
    assert [each.fetched for each in told] == sorted(each.fetched for each in told)


async def test_a_failure_is_told_with_its_reason(bench: Workbench):
    down = ScriptedPartner(offerings(3))
    down.fails_once(PartnerUnavailableError(TOKOPEDIA, "refuses connections"))

    told = await until_end(bench, bench.sync(down))

    assert (told[-1].failure, told[-1].finished) == ("refuses connections", True)


async def test_who_follows_one_partner_hears_of_no_other(bench: Workbench):
    other = bench.sync(ScriptedPartner(offerings(2)), a_partner(PINTARIA))
    await until_end(bench, other, partner=PINTARIA)
    mine = bench.sync(ScriptedPartner(offerings(3)))

    told = await until_end(bench, mine, partner=TOKOPEDIA)

    assert {each.partner for each in told} == {TOKOPEDIA}


async def test_what_ended_before_is_not_told(bench: Workbench):
    await bench.sync(ScriptedPartner(offerings(3)))

    told = await until_end(bench, bench.sync(ScriptedPartner(offerings(4))))

    assert [each.fetched for each in told if each.finished] == [4]
