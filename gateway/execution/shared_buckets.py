"""Buckets kept for all processes in Redis; without Redis each process keeps its part."""

from collections.abc import Callable
from hashlib import blake2b

from gateway.cache.connecting import RedisClient
from gateway.cache.patience import PatientRedis
from gateway.cache.redis import VERSION
from gateway.execution.buckets import Allowance, Bucket, Buckets, to_allowance

MICROSECONDS = 1_000_000

# The same as `gateway.execution.buckets.spend`; gives when it is full, and the wait if refused.
SCRIPT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local taken, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = full_at + taken - now - window
if wait > 0 then return {full_at - now, wait} end
full_at = full_at + taken
local kept = math.ceil((full_at - now) / 1000) + 1
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', kept)
return {full_at - now, 0}
"""


class SharedBuckets:
    """Implements `Buckets` in Redis, and falls back to local ones."""

    def __init__(
        self,
        client: RedisClient,
        local: Buckets,
        *,
        prefix: str = "mitra",
        on_unavailable: Callable[[], None] = lambda: None,
    ) -> None:
        """Use `client`, or `local` without it; `on_unavailable` is called for each such time."""
        self._redis = PatientRedis(on_unavailable)
        self._client = client
        self._local = local
        self._prefix = f"{prefix}:{VERSION}:bucket"
        self._script = client.register_script(SCRIPT)

    async def spend(self, key: str, bucket: Bucket, amount: int) -> Allowance:
        """See `Buckets.spend`."""
        taken = min(amount, bucket.points) * bucket.interval
        arguments = [int(each * MICROSECONDS) for each in (taken, bucket.window)]
        answer = await self._redis.ask(lambda: self._script(keys=[self._key(key)], args=arguments))
        if answer is None:
            return await self._local.spend(key, bucket, amount)
        reset, wait = (int(each) / MICROSECONDS for each in answer)
        return to_allowance(bucket, reset, wait or None)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    def _key(self, key: str) -> str:
        """Return the key in Redis, which tells nobody who it is."""
        return f"{self._prefix}:{blake2b(key.encode(), digest_size=16).hexdigest()}"
