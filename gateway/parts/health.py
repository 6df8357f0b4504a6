"""The health part: what must answer for us to be ready, and what we can do without."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.probes import PATIENCE, Probes, database_probe
from gateway.storage.engine import Database

if TYPE_CHECKING:  # a process without Redis does without its client
    from redis.asyncio import Redis


class HealthPart:
    """Asks databases and Redis whether they are there; connects when it is first asked."""

    def __init__(self, databases: Sequence[Database], redis_url: str | None) -> None:
        self._databases = Probes({f"database {d.schema}": database_probe(d) for d in databases})
        self._redis = _build_client(redis_url) if redis_url else None
        self._helpers = Probes({"redis": self._redis.ping} if self._redis else {})

    async def read_down(self) -> tuple[Sequence[str], Sequence[str]]:
        """Return which databases are down, and what else is that we can do without."""
        down, helpers = await asyncio.gather(self._databases.read_down(), self._helpers.read_down())
        return down, helpers

    async def aclose(self) -> None:
        """Let go of connections."""
        if self._redis:
            await self._redis.aclose()


def _build_client(url: str) -> "Redis":
    from redis.asyncio import Redis  # noqa: PLC0415 - see above
    from redis.asyncio.retry import Retry  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415

    client: Redis = Redis.from_url(
        url,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),  # the default repeats for seconds
    )
    return client
