"""Two levels, memory before Redis; what is old is made anew by one for all.

A value is served while it is fresh; then, if its lifetime says so, while it is made anew; and
as the last that is known when that fails or takes too long.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from gateway.cache.base import Load
from gateway.cache.flights import LoadAll, Loaded, Terms
from gateway.cache.levels import Levels
from gateway.cache.lifetimes import Entry, Lifetime, Standing, to_bytes
from gateway.cache.memory import MemoryCache
from gateway.cache.refreshing import Refreshes
from gateway.telemetry import CACHE_READS, CACHE_UNAVAILABLE, tell_size

if TYPE_CHECKING:  # Redis's client takes 7 MB, which a process without it does without
    from gateway.cache.shared import SharedLevel

MOST_REFRESHES = 32  # at a time in one lane
BRIEFLY = 0.1  # seconds for which a value of our own making is waited for elsewhere

OUTCOMES = (
    *(each.value for each in Standing if each is not Standing.GONE),
    "made",
    "taken",
    "nothing",
)
_AT_ONCE = {Standing.FRESH, Standing.STALE}


class TieredCache:
    """Implements `Cache`; `read` tells more, and reads many keys in one go."""

    def __init__(
        self,
        memory: MemoryCache,
        shared: "SharedLevel | None" = None,
        *,
        most_refreshes: int = MOST_REFRESHES,
        clock: Callable[[], float] = time.time,
        dice: Callable[[], float] = random.random,
        on_read: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Use both levels; `on_read` hears for each key as what it was served.

        `clock` is the wall clock, by which all processes know when a value was made.
        """
        self._levels = Levels(memory, shared, clock)
        self._refreshes = Refreshes(self._levels, most_refreshes, dice)
        self._on_read = on_read

    async def read(self, keys: Collection[str], load: LoadAll, terms: Terms) -> Mapping[str, Entry]:
        """Return what may be served of each key; one of which nothing is known is left out."""
        found, under_way = await self._look(keys, load, terms)
        if under_way:
            await asyncio.wait(under_way.values(), timeout=terms.patience)
        for key, refresh in under_way.items():
            entry = await self._outcome(key, refresh)
            if entry is not None:
                found[key] = entry
        return found

    async def get_or_load(
        self, key: str, load: Load, ttl: float, tags: Sequence[str] = ()
    ) -> bytes:
        """See `Cache.get_or_load`; one process loads for all."""
        entry = await self._levels.recall(key)
        if self._levels.standing(entry) is Standing.FRESH and entry is not None:
            self._on_read(Standing.FRESH)
            return entry.value

        outcome = "taken"

        async def load_it(_: Sequence[str]) -> Loaded:
            nonlocal outcome
            outcome = "made"
            return {key: await load()}

        terms = Terms(Lifetime(ttl), tuple(tags), others=BRIEFLY)
        found, under_way = await self._look([key], load_it, terms)
        if key in found:
            return found[key].value
        entry = await asyncio.shield(under_way[key])
        self._on_read(outcome)
        return entry.value

    async def get(self, key: str) -> bytes | None:
        """See `Cache.get`."""
        entry = await self._levels.recall(key)
        if entry is None:
            [entry] = await self._levels.fetch([key], ())
        return entry.value if entry else None

    async def set(self, key: str, value: bytes, ttl: float, tags: Sequence[str] = ()) -> None:
        """See `Cache.set`."""
        entry = Entry(value, self._levels.clock(), Lifetime(ttl))
        await self._levels.remember(key, entry, tags)
        if self._levels.shared is not None:
            await self._levels.shared.set(key, to_bytes(entry), ttl, tags)

    async def delete(self, key: str) -> None:
        """See `Cache.delete`; other processes may serve what they hold until it ends."""
        await self._levels.memory.delete(key)
        if self._levels.shared is not None:
            await self._levels.shared.delete(key)

    async def delete_tagged(self, tag: str) -> None:
        """See `Cache.delete_tagged`; other processes as in `delete`."""
        await self._levels.memory.delete_tagged(tag)
        if self._levels.shared is not None:
            await self._levels.shared.delete_tagged(tag)

    async def close(self) -> None:
        """See `Cache.close`."""
        await self._refreshes.close()
        await self._levels.memory.close()
        if self._levels.shared is not None:
            await self._levels.shared.close()

    async def _look(
        self, keys: Collection[str], load: LoadAll, terms: Terms
    ) -> tuple[dict[str, Entry], Mapping[str, "asyncio.Future[Entry]"]]:
        """Return what memory may serve at once, and the refreshes under way of the rest."""
        found: dict[str, Entry] = {}
        old: list[str] = []
        for key in dict.fromkeys(keys):
            entry = await self._levels.recall(key)
            standing = self._levels.standing(entry)
            if entry is not None and standing in _AT_ONCE:
                found[key] = entry
                self._on_read(standing)
            if standing is not Standing.FRESH:
                old.append(key)
        refreshes = self._refreshes.of(old, load, terms) if old else {}
        return found, {key: each for key, each in refreshes.items() if key not in found}

    async def _outcome(self, key: str, refresh: "asyncio.Future[Entry]") -> Entry | None:
        """Return what a refresh has made, else the last that is known."""
        if refresh.done() and not refresh.cancelled() and refresh.exception() is None:
            self._on_read("made")
            return refresh.result()
        entry = await self._levels.recall(key)
        self._on_read(Standing.LAST_KNOWN if entry else "nothing")
        return entry


def build_cache(redis_url: str | None, name: str, max_bytes: int) -> TieredCache:
    """Return a cache that counts its reads under `name`, in memory alone without a Redis."""
    counters = {outcome: CACHE_READS.labels(name, outcome) for outcome in OUTCOMES}

    def count(outcome: str) -> None:
        counters[outcome].inc()

    memory = MemoryCache(max_bytes)
    tell_size(name, memory)
    return TieredCache(memory, _build_shared(redis_url) if redis_url else None, on_read=count)


def _build_shared(redis_url: str) -> "SharedLevel":
    from gateway.cache.shared import build_shared_level  # noqa: PLC0415 - see above

    return build_shared_level(redis_url, on_unavailable=CACHE_UNAVAILABLE.inc)
