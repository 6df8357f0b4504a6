"""Getting the next page ready while the present one is worked on.

At most one page is ahead, so memory stays flat.  The checkpoint is behind it: a page that was
fetched and not staged is simply fetched again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from adapters.base import Cursor, Validators

T = TypeVar("T")


class Ahead(Generic[T]):
    """One step of a walk, one page ahead; leaving the context gives up what is under way."""

    def __init__(self, fetch: Callable[[Cursor | None, Validators | None], Awaitable[T]]) -> None:
        self._fetch = fetch
        self._cursor: Cursor | None = None
        self._task: asyncio.Task[T] | None = None

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
        """Begin with the page at `cursor`; None, the end, begins nothing."""
        if cursor is not None:
            self._cursor = cursor
            self._task = asyncio.create_task(_awaited(self._fetch(cursor, None)))

    async def fetch(self, cursor: Cursor | None, known: Validators | None) -> T:
        """Return what there is at `cursor`, begun before or not.  Raises `PartnerError`."""
        task = self._task
        if task is None or cursor != self._cursor:
            return await self._fetch(cursor, known)
        try:
            return await task
        finally:
            if task.done():
                self._task = None


async def _awaited(answer: Awaitable[T]) -> T:
    return await answer
