"""The process that syncs for a gateway: it tells what it does, and never outlives us."""

import asyncio
import multiprocessing
import os
import signal
from contextlib import suppress
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from gateway.app import Gateway
from gateway.catalogue.recognition import rules_digest
from gateway.partners.reports import CallReport
from gateway.parts import syncing
from gateway.parts.syncing import SyncingProcess
from gateway.settings import Settings
from gateway.storage.catalogue_tables import recognition
from schema.model.syncing import SyncProgress

pytestmark = pytest.mark.anyio

BALAI = Path(__file__).parent / "feeds" / "balai" / "balai.toml"


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("MITRA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MITRA_PARTNERS", str(BALAI))
    monkeypatch.delenv("MITRA_DATABASE_URL", raising=False)
    return Settings()


class Ear:
    """Hears what the process tells, and lets a test wait for it."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        self._changed = asyncio.Event()

    def __call__(self, told: object) -> None:
        self.heard.append(told)
        self._changed.set()

    async def wait_for_end_of(self, partner: str, times: int = 1) -> SyncProgress:
        while True:
            ends = [
                each
                for each in self.heard
                if isinstance(each, SyncProgress) and each.finished and each.partner == partner
            ]
            if len(ends) >= times:
                return ends[-1]
            self._changed.clear()
            await self._changed.wait()


async def test_a_gateway_follows_what_the_process_syncs(settings):
    gateway, ended = Gateway(settings), asyncio.Event()
    gateway.catalogue.report = lambda told: ended.set() if told.finished else None

    async with gateway.running(background=True):
        await ended.wait()
        while not (found := gateway.catalogue.follower.snapshot.revision):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert found == 1


async def test_who_syncs_recognises_anew_what_other_rules_did(settings):
    await Gateway(settings).migrate()
    gateway = Gateway(settings)
    syncing_here = asyncio.create_task(gateway.catalogue.sync_forever())
    done = select(recognition.c.rules).where(recognition.c.after.is_(None))
    read = gateway.catalogue.database.read

    while (rules := await read(lambda c: c.execute(done).scalar())) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await _cancelled(syncing_here)
    gateway.catalogue.database.close()

    assert rules == rules_digest()


async def test_what_it_tells_is_every_call_and_every_end(settings):
    await Gateway(settings).migrate()
    ear = Ear()
    running = asyncio.create_task(SyncingProcess(settings, ear).run())

    progress = await ear.wait_for_end_of("balai")
    assert len(_children()) == 1
    await _cancelled(running)

    assert progress.added == 2
    calls = [each for each in ear.heard if isinstance(each, CallReport)]
    assert {(call.partner, call.outcome) for call in calls} == {("balai", "ok")}
    assert not _children()


async def test_a_process_that_was_killed_is_followed_by_another(settings, monkeypatch):
    monkeypatch.setattr(syncing, "RESTART_SECONDS", 0.0)
    await Gateway(settings).migrate()
    ear = Ear()
    running = asyncio.create_task(SyncingProcess(settings, ear).run())
    await ear.wait_for_end_of("balai")
    (first,) = _children()

    os.kill(first, signal.SIGKILL)
    while not (others := _children() - {first}):  # noqa: ASYNC110 - it is another process
        await asyncio.sleep(0.01)
    await _cancelled(running)

    assert len(others) == 1
    assert not _children()


@pytest.mark.parametrize(
    ("signum", "said"),
    [(signal.SIGTERM, "syncing.process_stopped"), (signal.SIGKILL, "syncing.process_died")],
)
async def test_only_what_ends_unasked_is_an_error(settings, signum, said):
    await Gateway(settings).migrate()
    ear = Ear()
    with capture_logs() as logs:
        running = asyncio.create_task(SyncingProcess(settings, ear).run())
        await ear.wait_for_end_of("balai")
        (process,) = _children()
        os.kill(process, signum)  # a service manager tells the whole group
        while not (  # noqa: ASYNC110 - the log tells nobody
            ends := [each for each in logs if "process" in each["event"]]
        ):
            await asyncio.sleep(0.01)
        await _cancelled(running)

    assert [each["event"] for each in ends] == [said]


def test_it_ends_when_nobody_listens_any_more(settings):
    asyncio.run(Gateway(settings).migrate())
    process, listening = SyncingProcess(settings, lambda _: None)._start()

    listening.close()  # as the death of the one who started it does
    process.join(30)

    assert process.exitcode == 0


async def _cancelled(task):
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _children() -> set[int | None]:
    """Return the processes that sync: servers of other tests are this one's children, too."""
    children = multiprocessing.active_children()
    return {child.pid for child in children if isinstance(child, SpawnProcess)}
