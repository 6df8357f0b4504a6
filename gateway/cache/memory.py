"""The embedded cache: least recently used goes first, bounded by bytes."""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.cache.base import Load, SingleFlight, load_through

ENTRY_OVERHEAD = 300  # bytes of bookkeeping per entry, roughly


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    expires_at: float
    tags: tuple[str, ...]
    size: int


class MemoryCache:
    """Implements `Cache` in this process; used from one event loop."""

    def __init__(
        self, max_bytes: int = 64 * 2**20, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Hold at most about `max_bytes`; a single value larger than that is not held."""
        self._max_bytes = max_bytes
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._tagged: defaultdict[str, set[str]] = defaultdict(set)
        self._bytes = 0
        self._flights = SingleFlight()

    @property
    def size(self) -> int:
        """Bytes held, roughly."""
        return self._bytes

    async def get(self, key: str) -> bytes | None:
        """See `Cache.get`."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if self._clock() >= entry.expires_at:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    async def set(self, key: str, value: bytes, ttl: float, tags: Sequence[str] = ()) -> None:
        """See `Cache.set`."""
        self._drop(key)
        size = ENTRY_OVERHEAD + len(key) + len(value)
        if ttl <= 0 or size > self._max_bytes:
            return
        while self._bytes + size > self._max_bytes:
            self._drop(next(iter(self._entries)))
        self._entries[key] = _Entry(value, self._clock() + ttl, tuple(tags), size)
        self._bytes += size
        for tag in tags:
            self._tagged[tag].add(key)

    async def delete(self, key: str) -> None:
        """See `Cache.delete`."""
        self._drop(key)

    async def delete_tagged(self, tag: str) -> None:
        """See `Cache.delete_tagged`."""
        for key in list(self._tagged.get(tag, ())):
            self._drop(key)

    async def get_or_load(
        self, key: str, load: Load, ttl: float, tags: Sequence[str] = ()
    ) -> bytes:
        """See `Cache.get_or_load`."""
        found = await self.get(key)
        if found is not None:
            return found
        return await self._flights.run(key, lambda: load_through(self, key, load, ttl, tags))

    async def close(self) -> None:
        """See `Cache.close`."""
        await self._flights.close()

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self._bytes -= entry.size
        for tag in entry.tags:
            keys = self._tagged[tag]
            keys.discard(key)
            if not keys:
                del self._tagged[tag]
