"""Connections to Redis, one server or a cluster: they would rather fail than let anybody wait."""

import asyncio

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

PATIENCE = 0.04  # seconds that Redis is waited for: no look-up shall cost more than 50 ms more
REST = 1.0  # seconds for which a Redis that failed is left alone
CONNECTIONS = 32
MAPPING_SECONDS = 5.0  # for learning which node of a cluster has what

RedisClient = Redis | RedisCluster
LOST = (RedisError, RedisClusterException, OSError, TimeoutError)  # what a lost Redis raises
_CLUSTER = "+cluster://"  # in an address: redis+cluster://host:6379


class PatientCluster(RedisCluster):
    """A cluster whose map is made in peace, however impatient those are who need it first."""

    _mapping: "asyncio.Task[RedisCluster] | None" = None

    async def initialize(self, *others: object, **told: object) -> RedisCluster:
        """Learn which node has what; whoever gives up waiting for it does not stop it."""
        if self._mapping is None or self._mapping.done():
            self._mapping = asyncio.create_task(self._learn(*others, **told))
            self._mapping.add_done_callback(_seen)
        return await asyncio.shield(self._mapping)

    async def aclose(self) -> None:
        """Let go of every connection."""
        if self._mapping is not None:
            self._mapping.cancel()
        await super().aclose()

    async def _learn(self, *others: object, **told: object) -> RedisCluster:
        async with asyncio.timeout(MAPPING_SECONDS):
            return await super().initialize(*others, **told)  # type: ignore[arg-type]


def build_redis(url: str) -> RedisClient:
    """Return a client; connects when first used."""
    if _CLUSTER in url:
        return PatientCluster.from_url(
            url.replace(_CLUSTER, "://"),
            max_connections=CONNECTIONS,
            socket_timeout=MAPPING_SECONDS,  # what is asked is bounded by who asks
            socket_connect_timeout=MAPPING_SECONDS,
            retry=Retry(NoBackoff(), 0),  # the default repeats for seconds
        )
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=PATIENCE,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


def _seen(task: "asyncio.Task[RedisCluster]") -> None:
    if not task.cancelled():
        task.exception()  # whoever waits has got it
