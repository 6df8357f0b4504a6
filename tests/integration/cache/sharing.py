"""Processes that share one Redis, each with connections, memory and leases of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.cache.connecting import REST, build_redis
from gateway.cache.flights import Terms
from gateway.cache.lifetimes import Lifetime
from gateway.cache.memory import MemoryCache
from gateway.cache.shared import SharedLevel
from gateway.cache.tiered import TieredCache

TERMS = Terms(Lifetime(5, last_known=100))
TRIES = 5  # on a busy machine even a Redis that is well may be slow


class Source:
    """One partner, whoever asks; says how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.seconds = 0.0
        self.failure: Exception | None = None
        self.at_a_time = self.most_at_a_time = 0

    async def __call__(self, keys: Sequence[str]) -> dict[str, bytes]:
        self.asked += 1
        answer = str(self.asked).encode()
        self.at_a_time += 1
        self.most_at_a_time = max(self.most_at_a_time, self.at_a_time)
        await asyncio.sleep(self.seconds)
        self.at_a_time -= 1
        if self.failure:
            raise self.failure
        return dict.fromkeys(keys, answer)


class Process:
    """One process's cache, with clocks that a test may move."""

    def __init__(self, url: str, most_refreshes: int = 32) -> None:
        self.wall = time.time()
        self.rested = 0.0
        self.losses = 0
        self.shared = SharedLevel(
            build_redis(url),
            on_unavailable=self.lose,
            clock=lambda: time.monotonic() + self.rested,
        )
        self.cache = TieredCache(
            MemoryCache(),
            self.shared,
            clock=lambda: self.wall,
            dice=lambda: 0.0,
            most_refreshes=most_refreshes,
        )

    def lose(self) -> None:
        self.losses += 1

    def rest(self) -> None:
        """Let so much time go by that Redis is asked again."""
        self.rested += REST

    async def read(self, source: Source, *keys: str) -> dict[str, bytes]:
        found = await self.cache.read(keys or ["key"], source, TERMS)
        return {key: entry.value for key, entry in found.items()}


@asynccontextmanager
async def processes(url: str, count: int = 2, **options) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as cleanup:
        made = [Process(url, **options) for _ in range(count)]
        for each in made:
            cleanup.push_async_callback(each.cache.close)
        yield made


async def tried(check: Callable[[], Awaitable[bool]]) -> bool:
    """Return whether `check` holds at one of a few tries."""
    for _ in range(TRIES):
        if await check():
            return True
    return False
