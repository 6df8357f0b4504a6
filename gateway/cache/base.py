"""What a cache is: bytes under a key for a while.  A miss is always allowed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

Load = Callable[[], Awaitable[bytes]]


class Cache(Protocol):
    """Remembered bytes; losing them costs time, never an answer.  No method raises for that."""

    async def get(self, key: str) -> bytes | None:
        """Return what is remembered, or None."""

    async def set(self, key: str, value: bytes, ttl: float, tags: Sequence[str] = ()) -> None:
        """Remember `value` for `ttl` seconds; `tags` let it be forgotten with others."""

    async def delete(self, key: str) -> None:
        """Forget one key."""

    async def delete_tagged(self, tag: str) -> None:
        """Forget all keys that were set with `tag`."""

    async def get_or_load(
        self, key: str, load: Load, ttl: float, tags: Sequence[str] = ()
    ) -> bytes:
        """Return what is remembered, else load and remember it.

        Callers who miss the same key at the same time share one load, and its failure.
        """

    async def close(self) -> None:
        """Let go of connections and of loads under way."""


class SingleFlight:
    """Runs one piece of work per key at a time; whoever asks meanwhile shares its outcome.

    The work outlives callers that give up: others may be waiting for it.
    """

    def __init__(self) -> None:
        self._flights: dict[str, asyncio.Task[bytes]] = {}

    async def run(self, key: str, work: Load) -> bytes:
        """Return what `work` returns, or what an equal work under way does."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(_awaited(work))
            self._flights[key] = flight
            flight.add_done_callback(lambda landed: self._land(key, landed))
        return await asyncio.shield(flight)

    async def close(self) -> None:
        """Cancel what is under way."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _land(self, key: str, flight: asyncio.Task[bytes]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # seen, even when every caller has gone


async def load_through(
    cache: Cache, key: str, load: Load, ttl: float, tags: Sequence[str]
) -> bytes:
    """Return what is remembered, else load and remember it: the work of one flight."""
    found = await cache.get(key)
    if found is not None:
        return found
    value = await load()
    await cache.set(key, value, ttl, tags)
    return value


async def _awaited(work: Load) -> bytes:
    return await work()
