"""Entries in memory and, where there is one, in a shared level behind it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gateway.cache.lifetimes import Entry, Standing, from_bytes, to_bytes
from gateway.cache.memory import MemoryCache

if TYPE_CHECKING:  # Redis's client takes 7 MB, which a process without it does without
    from gateway.cache.shared import SharedLevel


class Levels:
    """Both levels; what the second has, the first takes over."""

    def __init__(
        self, memory: MemoryCache, shared: "SharedLevel | None", clock: Callable[[], float]
    ) -> None:
        """Use both levels; `clock` is the wall clock."""
        self.memory = memory
        self.shared = shared
        self.clock = clock

    def standing(self, entry: Entry | None) -> Standing:
        """Return as what an entry may be served now."""
        return entry.standing(self.clock()) if entry else Standing.GONE

    async def recall(self, key: str) -> Entry | None:
        """Return what memory has, if it is of any use."""
        entry = from_bytes(await self.memory.get(key))
        return None if self.standing(entry) is Standing.GONE else entry

    async def remember(self, key: str, entry: Entry, tags: Sequence[str]) -> None:
        """Keep an entry in memory."""
        await self.memory.set(key, to_bytes(entry), entry.seconds_left(self.clock()), tags)

    async def fetch(self, keys: Sequence[str], tags: Sequence[str]) -> Sequence[Entry | None]:
        """Return the newest of each key."""
        kept = await self.shared.get_many(keys) if self.shared else [None] * len(keys)
        return [await self.take_over(*each, tags) for each in zip(keys, kept, strict=True)]

    async def take_over(self, key: str, kept: bytes | None, tags: Sequence[str]) -> Entry | None:
        """Return the newest of a key, and keep it in memory if another process has made it."""
        theirs, ours = from_bytes(kept), await self.recall(key)
        if theirs is None or self.standing(theirs) is Standing.GONE:
            return ours
        if ours is not None and ours.made_at >= theirs.made_at:
            return ours
        await self.remember(key, theirs, tags)
        return theirs
