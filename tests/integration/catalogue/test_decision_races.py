"""Operators who decide at once, and a process that dies while it decides: one decision counts."""

import asyncio
import multiprocessing
import os
import signal

import pytest
from sqlalchemy import event

from gateway.catalogue.holding import approve_held
from gateway.storage import catalogue_tables as tables
from gateway.storage.engine import Database
from schema.model.held import DecisionErrorCode
from tests.catalogue import NOON, ScriptedPartner, offerings
from tests.integration.catalogue.conftest import Workbench
from tests.integration.catalogue.holding import decisions

pytestmark = pytest.mark.anyio

LOST = {DecisionErrorCode.NOT_HELD, DecisionErrorCode.SYNC_RUNNING}


async def held_run(bench: Workbench) -> int:
    """Let a partner list 3 of its 10 courses, and return the run that is held for it."""
    partner = ScriptedPartner(offerings(10))
    await bench.sync(partner)
    partner.lists(offerings(3))
    await bench.sync(partner)
    [held] = await decisions(bench).read_held()
    return held.run


@pytest.mark.parametrize("is_one_process", [True, False], ids=["one process", "two processes"])
async def test_of_two_who_approve_at_once_one_does(bench: Workbench, is_one_process: bool):
    run = await held_run(bench)
    first = decisions(bench)
    second = first if is_one_process else decisions(bench)

    decided = await asyncio.gather(first.approve(run, "rina"), second.approve(run, "rina"))

    assert [each.revision for each in decided if not each.refusals] == [2]
    assert [each.refusals[0].code in LOST for each in decided if each.refusals] == [True]
    assert len(await bench.live_titles()) == 3


async def test_of_an_approval_and_a_rejection_at_once_one_counts(bench: Workbench):
    run = await held_run(bench)
    desk = decisions(bench)

    approved, rejected = await asyncio.gather(desk.approve(run, "rina"), desk.reject(run, "rina"))

    assert bool(approved.refusals) != bool(rejected.refusals)
    assert len(await bench.live_titles()) == (10 if approved.refusals else 3)
    assert await desk.read_held() == []


async def test_an_approval_that_is_killed_leaves_the_list_held(bench: Workbench):
    run = await held_run(bench)
    spawning = multiprocessing.get_context("spawn")
    url = bench.database.engine.url.render_as_string(hide_password=False)
    dying = spawning.Process(target=approve_and_die, args=(url, run))
    dying.start()
    await asyncio.to_thread(dying.join)
    assert dying.exitcode == -signal.SIGKILL
    assert len(await bench.live_titles()) == 10
    assert await bench.count(tables.change_log, tables.change_log.c.revision == 2) == 0

    decided = await decisions(bench).approve(run, "rina")

    assert (decided.refusals, decided.revision) == ((), 2)
    assert len(await bench.live_titles()) == 3


def approve_and_die(url: str, run: int) -> None:
    """Approve in a process of its own, which dies when everything is written but the commit."""
    database = Database(url, "catalogue")

    @event.listens_for(database.engine, "commit")
    def _die(_connection: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with database.engine.begin() as connection:
        approve_held(connection, run, NOON)
