"""Cleaning in a process of its own, for lists that have much to clean.

Cleaning is most of a large sync's work and needs nothing but the texts, so it goes to another
processor, behind whoever is being served there.  A short list is cleaned where it is: starting
a process takes longer.  Where no process can be started, all is cleaned here.
"""

import asyncio
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from types import TracebackType
from typing import Self

import structlog

from gateway.catalogue.contents import Cleaned, clean_here
from gateway.priority import LAST, step_back

logger = structlog.get_logger()

SHORT = 2_000  # offerings that are cleaned here before a process is started


class Cleaner:
    """Cleans one list; leaving the context gives up what is under way, and ends the process."""

    def __init__(self, short: int = SHORT) -> None:
        self._left = short
        self._pool: ProcessPoolExecutor | None = None
        self._is_lonely = False  # no process could be started, or it died
        self._under_way: set[asyncio.Task[Sequence[Cleaned]]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, payloads: Sequence[str]) -> asyncio.Task[Sequence[Cleaned]]:
        """Begin to do as `clean_here`."""
        task = asyncio.create_task(self._clean(payloads))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _clean(self, payloads: Sequence[str]) -> Sequence[Cleaned]:
        self._left -= len(payloads)
        if self._left < 0 and not self._is_lonely:
            try:
                return await asyncio.wrap_future(await asyncio.to_thread(self._hand_over, payloads))
            except (BrokenExecutor, OSError, AssertionError, RuntimeError) as exc:
                # AssertionError: a daemonic process may have no children
                logger.warning("catalogue.cleaning_here", error=type(exc).__name__)
                self._is_lonely = True
        return await asyncio.to_thread(clean_here, payloads)

    def _hand_over(self, payloads: Sequence[str]) -> Future[list[Cleaned]]:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # forking would copy held locks
            self._pool = ProcessPoolExecutor(1, context, step_back, (LAST,))
        return self._pool.submit(clean_here, payloads)
