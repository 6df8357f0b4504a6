"""Syncing in a process of its own, so that whoever is served never waits for a partner's list.

Reading a list is work for the processor: parsing one page of it would keep the event loop for
longer than an enrolment takes.  The process says what it does through a pipe, and ends when the
pipe does, so it never outlives the one that started it.
"""

import asyncio
import multiprocessing
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import structlog

from gateway.partners.reports import CallReport
from gateway.parts.catalogue import CataloguePart
from gateway.parts.partners import PartnersPart
from gateway.priority import BEHIND_SERVING, step_back
from gateway.settings import Settings
from gateway.telemetry import same_logging
from gateway.telemetry.loop_lag import LoopLag
from schema.model.syncing import SyncProgress

RESTART_SECONDS = 5.0  # after it died
STOP_SECONDS = 10.0  # for what is under way, when it is told to stop

Told = SyncProgress | CallReport
Hear = Callable[[Told], None]

log = structlog.get_logger(__name__)


class SyncingProcess:
    """Keeps one process syncing; `hear` is called, in the event loop, with all that it tells."""

    def __init__(self, settings: Settings, hear: Hear) -> None:
        self._settings = settings
        self._hear = hear

    async def run(self) -> None:
        """Run until cancelled; a process that ended is followed by another."""
        while True:
            code = await self._run_one()
            if code == 0:  # it was told to: where a whole group is, we are as well
                log.info("syncing.process_stopped")
            else:
                log.error("syncing.process_died", exit_code=code)
            await asyncio.sleep(RESTART_SECONDS)

    async def _run_one(self) -> int | None:
        process, listening = await asyncio.to_thread(self._start)
        try:
            await asyncio.to_thread(self._relay, listening, asyncio.get_running_loop())
            await asyncio.to_thread(process.join, STOP_SECONDS)
            return process.exitcode
        finally:
            await asyncio.to_thread(_stop, process)
            with suppress(OSError):
                listening.close()

    def _start(self) -> tuple[BaseProcess, Connection]:
        context = multiprocessing.get_context("spawn")  # forking would copy held locks
        listening, telling = context.Pipe()
        said = self._settings, telling, same_logging()
        process = context.Process(target=sync_until_told, args=said)
        process.start()
        telling.close()  # so that its end of the pipe is only there
        return process, listening

    def _relay(self, listening: Connection, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(EOFError, OSError, RuntimeError):  # it ended, we closed, or the loop did
            while True:
                loop.call_soon_threadsafe(self._hear, listening.recv())


def sync_until_told(
    settings: Settings, telling: Connection, configure_logging: Callable[[], None]
) -> None:
    """Sync and tell until SIGTERM comes or nobody listens any more: the process's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us
    step_back(BEHIND_SERVING)
    configure_logging()
    asyncio.run(_sync(settings, telling))


async def _sync(settings: Settings, telling: Connection) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    threading.Thread(target=_wait_for_end, args=(telling, stop, loop), daemon=True).start()

    def tell(told: Told) -> None:
        with suppress(OSError):  # nobody listens: `stop` is being set
            telling.send(told)

    partners = PartnersPart(settings, report=tell)
    catalogue = CataloguePart(settings, partners)
    catalogue.report = tell
    syncing = asyncio.create_task(catalogue.sync_forever())
    told = asyncio.create_task(stop.wait())
    lag = asyncio.create_task(LoopLag().run())  # an adapter that blocks holds up this loop alone
    try:
        await asyncio.wait([syncing, told], return_when=asyncio.FIRST_COMPLETED)
        if syncing.done():
            syncing.result()  # it never ends well
    finally:
        syncing.cancel()
        lag.cancel()
        await asyncio.gather(syncing, lag, return_exceptions=True)
        await partners.aclose()
        catalogue.database.close()


def _wait_for_end(
    telling: Connection, stop: asyncio.Event, loop: asyncio.AbstractEventLoop
) -> None:
    with suppress(EOFError, OSError):
        telling.recv()  # nothing is ever sent this way
    with suppress(RuntimeError):  # the loop has ended before
        loop.call_soon_threadsafe(stop.set)


def _stop(process: BaseProcess) -> None:
    process.terminate()
    process.join(STOP_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()
