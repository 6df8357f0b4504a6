"""Fetching the next page while the present one is cleaned and staged.

At most one page is ahead, so memory stays flat; nothing is ahead of the checkpoint but the
wire: a page that was fetched and not staged is simply fetched again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from adapters.base import Cursor, NotModified, Page, Validators

Fetch = Callable[[Cursor | None, Validators | None], Awaitable[Page | NotModified]]


class PageAhead:
    """One walk's fetches; leaving the context gives up the one that is under way."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._cursor: Cursor | None = None
        self._task: asyncio.Task[Page | NotModified] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def begin(self, cursor: Cursor | None) -> None:
        """Begin to fetch the page at `cursor`; None, the end, begins nothing."""
        if cursor is not None:
            self._cursor = cursor
            self._task = asyncio.create_task(_awaited(self._fetch(cursor, None)))

    async def fetch(self, cursor: Cursor | None, known: Validators | None) -> Page | NotModified:
        """Return the page at `cursor`, begun before or not.  Raises `PartnerError`."""
        task = self._task
        if task is None or cursor != self._cursor:
            return await self._fetch(cursor, known)
        try:
            return await task
        finally:
            if task.done():
                self._task = None


async def _awaited(answer: Awaitable[Page | NotModified]) -> Page | NotModified:
    return await answer
