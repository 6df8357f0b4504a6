"""The shared cache, in Redis: an accelerator.  Without it every look-up is a miss, and counted.

Values are bytes as given, never pickled.  Keys carry a version, so that programs that
write another format do not read ours; what belongs to one of our keys stands in one slot of a
cluster (`{…}`), and no command is about several slots.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from gateway.cache.base import Load, SingleFlight, load_through
from gateway.cache.connecting import RedisClient
from gateway.cache.patience import PatientRedis

VERSION = 1
MOST_TAGGED = 100_000  # keys that are forgotten at once
LONGEST_TAGGED = 24 * 3600  # seconds: how long a tag knows its keys, so also how long they live


class RedisCache:
    """Implements `Cache` in Redis; a lost Redis costs `PATIENCE` once per `REST`."""

    def __init__(
        self,
        client: RedisClient,
        *,
        prefix: str = "mitra",
        on_unavailable: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use `client`; `on_unavailable` is called for each look-up that found no Redis."""
        self._client = client
        self._prefix = f"{prefix}:{VERSION}"
        self._on_unavailable = on_unavailable
        self._redis = PatientRedis(on_unavailable, clock)
        self._flights = SingleFlight()

    async def get(self, key: str) -> bytes | None:
        """See `Cache.get`."""
        found = await self._ask(lambda: self._client.get(self._key(key)))
        return found if isinstance(found, bytes) else None

    async def set(self, key: str, value: bytes, ttl: float, tags: Sequence[str] = ()) -> None:
        """See `Cache.set`; tagged values live a day at most."""
        if int(ttl * 1000) < 1:
            await self.delete(key)
            return
        pipeline = self._client.pipeline(transaction=False)
        self._add(pipeline, key, value, ttl, tags)
        await self._ask(pipeline.execute)

    async def delete(self, key: str) -> None:
        """See `Cache.delete`."""
        await self._ask(lambda: self._client.unlink(self._key(key)))

    async def delete_tagged(self, tag: str) -> None:
        """See `Cache.delete_tagged`."""
        keys = await self._ask(lambda: self._client.spop(self._tag(tag), MOST_TAGGED))
        if keys:
            await self._ask(lambda: self._client.unlink(*keys))

    async def get_or_load(
        self, key: str, load: Load, ttl: float, tags: Sequence[str] = ()
    ) -> bytes:
        """See `Cache.get_or_load`; shared within this process."""
        return await self._flights.run(key, lambda: load_through(self, key, load, ttl, tags))

    async def close(self) -> None:
        """See `Cache.close`."""
        await self._flights.close()
        await self._client.aclose()

    def _add(self, pipeline: Any, key: str, value: bytes, ttl: float, tags: Sequence[str]) -> None:
        """Have `pipeline` remember a value for `ttl` seconds, a millisecond at least."""
        seconds = min(ttl, LONGEST_TAGGED) if tags else ttl
        pipeline.set(self._key(key), value, px=max(int(seconds * 1000), 1))
        for tag in tags:
            pipeline.sadd(self._tag(tag), self._key(key))
            pipeline.expire(self._tag(tag), LONGEST_TAGGED)

    async def _ask(self, question: Callable[[], Awaitable[Any]]) -> Any:
        """Return Redis's answer, or None when there is none in time."""
        return await self._redis.ask(question)

    def _key(self, key: str) -> str:
        return f"{self._prefix}:value:{{{key}}}"

    def _tag(self, tag: str) -> str:
        return f"{self._prefix}:tag:{tag}"
