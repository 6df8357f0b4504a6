"""The second level: values in Redis, and which of all processes makes one anew.

A lease is a short-lived key of its own beside the value's.  Who cannot ask Redis makes the
value itself: a lease spares partners, and nothing rests on it.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from redis.exceptions import ResponseError

from gateway.cache.connecting import RedisClient, build_redis
from gateway.cache.leases import Claim, Turn
from gateway.cache.redis import RedisCache

_FAILED = b"failed"  # what a lease says when its holder could not make the value
_CLOSE = """
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
  if ARGV[2] == '' then
    redis.call('DEL', KEYS[1])
  else
    redis.call('SET', KEYS[1], ARGV[2], 'XX', 'KEEPTTL')
  end
end
"""


class SharedLevel(RedisCache):
    """A `RedisCache` of which many keys are asked for at once, under leases."""

    def __init__(
        self,
        client: RedisClient,
        *,
        prefix: str = "mitra",
        on_unavailable: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """See `RedisCache`."""
        super().__init__(client, prefix=prefix, on_unavailable=on_unavailable, clock=clock)
        self._holder = secrets.token_hex(8).encode()  # by which our leases are known as ours

    async def get_many(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return what is remembered under each key."""
        pipeline = self._client.pipeline(transaction=False)
        for key in keys:
            pipeline.get(self._key(key))
        found = await self._execute(pipeline) or [None] * len(keys)
        return [each if isinstance(each, bytes) else None for each in found]

    async def claim(self, keys: Sequence[str], seconds: float) -> Mapping[str, Claim]:
        """Take the leases that are free, and read what stands under the keys thereafter.

        Whoever had a lease before has written the value before giving it back, so that a
        value is never made twice by two who look at nearly the same time.
        """
        pipeline = self._client.pipeline(transaction=False)
        for key in keys:
            lease = self._lease(key)
            pipeline.set(lease, self._holder, nx=True, px=max(int(seconds * 1000), 1))
            pipeline.execute_command("MGET", self._key(key), lease)  # of one moment
        answers = await self._execute(pipeline)
        if answers is None:
            return {key: Claim(Turn.OURS) for key in keys}
        told = zip(keys, answers[::2], answers[1::2], strict=True)
        return {key: self._to_claim(taken, stands) for key, taken, stands in told}

    async def close_leases(
        self,
        values: Mapping[str, tuple[bytes, float]],
        tags: Sequence[str],
        *,
        failed: Sequence[str] = (),
        given_back: Sequence[str] = (),
    ) -> None:
        """Keep `values` (with their seconds to live), and give their leases back.

        Leases of `failed` keys stand until they run out, and say so.
        """
        pipeline = self._client.pipeline(transaction=False)
        for key, (value, ttl) in values.items():
            self._add(pipeline, key, value, ttl, tags)
        free = [self._lease(key) for key in (*values, *given_back)]
        for leases, mark in ((free, b""), ([self._lease(key) for key in failed], _FAILED)):
            for lease in leases:
                pipeline.execute_command("EVAL", _CLOSE, 1, lease, self._holder, mark)
        if len(pipeline):
            await self._execute(pipeline)

    async def _execute(self, pipeline: Any) -> list[Any] | None:
        """Return each answer, refusals among them; None when there is none in time."""
        answers: list[Any] | None = await self._ask(lambda: pipeline.execute(raise_on_error=False))
        if any(isinstance(answer, ResponseError) for answer in answers or ()):
            self._on_unavailable()  # it is there, but refuses: full, read-only
        return answers

    def _to_claim(self, taken: Any, stands: Any) -> Claim:
        kept, holder = stands if isinstance(stands, list) else (None, None)
        return Claim(self._turn(taken, holder), kept)

    def _turn(self, got: Any, holder: bytes | None) -> Turn:
        """Return whose turn it is; a lease that cannot be taken is nobody's."""
        if got is True or isinstance(got, Exception):
            return Turn.OURS
        if holder is None:  # something else stands there
            self._on_unavailable()
            return Turn.OURS
        return Turn.FAILED if holder == _FAILED else Turn.THEIRS

    def _lease(self, key: str) -> str:
        return f"{self._prefix}:lease:{{{key}}}"


def build_shared_level(url: str, *, on_unavailable: Callable[[], None]) -> SharedLevel:
    """Return the level in the Redis at `url`; connects when first used."""
    return SharedLevel(build_redis(url), on_unavailable=on_unavailable)
