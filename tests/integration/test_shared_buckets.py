"""What clients may spend is one for all processes in Redis, and a part for each without it."""

import pytest

from gateway.cache.connecting import build_redis
from gateway.execution.buckets import Bucket, LocalBuckets
from gateway.execution.shared_buckets import SharedBuckets
from tests.servers import free_port

pytestmark = pytest.mark.anyio
SLOW = Bucket(10, window=100_000.0)


class Process:
    """One process's buckets."""

    def __init__(self, url: str) -> None:
        self.losses = 0
        local = LocalBuckets(processes=5, clock=lambda: 0.0)
        self.buckets = SharedBuckets(build_redis(url), local, on_unavailable=self.lose)

    def lose(self) -> None:
        self.losses += 1

    async def spend(self, amount: int, key: str = "client:ani"):
        """Spend in Redis: on a busy machine even one that is well may be slow."""
        for _ in range(100):
            self.losses = 0
            self.buckets._redis._resting_until = 0.0
            allowance = await self.buckets.spend(key, SLOW, amount)
            if not self.losses:
                return allowance
        raise AssertionError("Redis never answered in time")


async def test_processes_share_one_bucket(redis_url: str):
    one, two = Process(redis_url), Process(redis_url)

    allowances = [await one.spend(4), await two.spend(4), await one.spend(4)]

    assert [each.remaining for each in allowances] == [6, 2, 2]
    refused = allowances[-1]
    assert refused.retry_after == pytest.approx(20_000, rel=0.01)
    assert (await two.spend(2)).remaining == 0
    assert (await two.spend(10, "client:budi")).remaining == 0
    await one.buckets.close()
    await two.buckets.close()


async def test_who_pays_is_not_to_be_read_in_redis(redis_url: str):
    process = Process(redis_url)
    await process.spend(1)

    keys = [key.decode() for key in await process.buckets._client.keys()]

    assert len(keys) == 1
    assert "ani" not in keys[0]
    await process.buckets.close()


async def test_without_redis_a_process_keeps_to_its_part():
    process = Process(f"redis://127.0.0.1:{free_port()}")

    taken = [await process.buckets.spend("client:ani", SLOW, 1) for _ in range(3)]

    assert [each.retry_after is None for each in taken] == [True, True, False]
    assert process.losses == 3
    await process.buckets.close()
