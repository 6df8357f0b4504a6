"""Partners' pace kept across processes, in Redis; without Redis each process keeps its part.

One script reads and moves the moment at which a partner's bucket is full, by Redis's own
clock, so that no two processes take the same turn.  A Redis that is gone, slow or refuses
costs `PATIENCE` once per `REST`.
"""

import time
from collections.abc import Callable, Mapping

from gateway.cache.connecting import RedisClient
from gateway.cache.patience import PatientRedis
from gateway.cache.redis import VERSION
from gateway.partners.pace import AT_ONCE, Pace, Rate, Turn
from schema.model.values import PartnerCode

MICROSECONDS = 1_000_000

# The same as `gateway.partners.pace.take_turn`; gives the wait, below zero if it was not taken.
SCRIPT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local interval, tolerance, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = math.max(full_at - tolerance - now, 0)
if wait > patience then return -wait end
full_at = full_at + interval
local kept = math.ceil((full_at - now) / 1000) + 1
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', kept)
return wait
"""


class SharedPace:
    """Implements `Pace` in Redis, and falls back to a local one."""

    def __init__(
        self,
        client: RedisClient,
        rates: Mapping[PartnerCode, Rate],
        local: Pace,
        *,
        prefix: str = "mitra",
        on_unavailable: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use `client`, or `local` without it; `on_unavailable` is called for each such turn."""
        self._client = client
        self._rates = rates
        self._local = local
        self._prefix = f"{prefix}:{VERSION}:pace"
        self._redis = PatientRedis(on_unavailable, clock)
        self._script = client.register_script(SCRIPT)

    async def take(self, code: PartnerCode, patience: float) -> Turn:
        """See `Pace.take`."""
        rate = self._rates.get(code)
        if rate is None:
            return AT_ONCE
        seconds = (rate.interval, rate.tolerance, patience)
        arguments = [int(each * MICROSECONDS) for each in seconds]
        wait = await self._redis.ask(
            lambda: self._script(keys=[f"{self._prefix}:{code}"], args=arguments)
        )
        if wait is None:
            return await self._local.take(code, patience)
        return Turn(abs(wait) / MICROSECONDS, is_taken=wait >= 0)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
