"""From a fetched page to rows that can be staged: most of a sync's work.

A short list is prepared in a thread.  A long one would keep the interpreter from everybody
else for a minute, so it is prepared in a process of its own, beside staging; that process
ends with the walk, and within a second of a gateway that was killed.
"""

import asyncio
import multiprocessing
import os
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from adapters.base import Page
from gateway.catalogue.alarms import Profile
from gateway.catalogue.profile import to_profile
from gateway.catalogue.rows import PageRows, Standing, to_page_rows
from schema.model.values import PartnerCode

LONG_LIST = 4_000  # rows, from which on a process is worth its start
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page as it is staged, and which fields its rows had."""

    rows: PageRows
    profile: Profile


def prepare(partner: PartnerCode, page: Page, standing: Mapping[str, Standing]) -> Prepared:
    """Clean, check and count the rows of a page.  Pure."""
    return Prepared(to_page_rows(partner, page, standing), to_profile(page))


class Workshop:
    """Prepares one walk's pages; leaving the context ends the process, if there is one."""

    def __init__(self, partner: PartnerCode) -> None:
        self._partner = partner
        self._rows = 0
        self._pool: ProcessPoolExecutor | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def prepare(self, page: Page, standing: Mapping[str, Standing]) -> Prepared:
        """Return `page`, ready to be staged."""
        self._rows += len(page.offerings)
        if self._rows < LONG_LIST:
            return await asyncio.to_thread(prepare, self._partner, page, standing)
        if self._pool is None:
            self._pool = _build_pool()
        work = (self._partner, page, standing)
        return await asyncio.get_running_loop().run_in_executor(self._pool, prepare, *work)


def _build_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),  # a fork would copy locks that are held
        initializer=_end_with_parent,
        initargs=(os.getpid(),),
    )


def _end_with_parent(parent: int) -> None:
    """End this process when its parent has ended, however that came."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
