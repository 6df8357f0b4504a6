"""One piece of work at a time for all who want the same."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """Runs one piece of work per key at a time, in the task of the first who wants it.

    Nothing is handed over to another task, which would take turns of the event loop.  When the one
    who works is cancelled, one of those who wait begins again.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Future[T] | None] = {}  # None: nobody waits for it

    def is_under_way(self, key: str) -> bool:
        """Return whether somebody works on it."""
        return key in self._under_way

    async def run(self, key: str, work: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
        """Return what `work` returns, or an equal one under way; and whether it was ours."""
        while key in self._under_way:
            flight = self._under_way[key]
            if flight is None:
                flight = self._under_way[key] = asyncio.get_running_loop().create_future()
            await asyncio.wait({flight})  # whoever gives up waiting leaves it as it is
            if not flight.cancelled():
                return flight.result(), False
        self._under_way[key] = None
        try:
            made = await work()
        except Exception as exc:
            if (flight := self._under_way[key]) is not None:
                flight.set_exception(exc)
                flight.exception()  # seen, even when they have given up
            raise
        else:
            if (flight := self._under_way[key]) is not None:
                flight.set_result(made)
        finally:
            if (flight := self._under_way.pop(key)) is not None:
                flight.cancel()  # if nothing came of it
        return made, True
