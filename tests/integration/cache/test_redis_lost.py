"""A Redis that is killed, paused, full or confused costs time, never an answer."""

import asyncio
import time

import pytest
import redis

from gateway.cache.connecting import PATIENCE, REST, build_redis
from gateway.cache.redis import RedisCache
from tests.servers import free_port, running_redis

pytestmark = pytest.mark.anyio


class Losses:
    """Counts the look-ups that found no Redis."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def a_cache(url: str, **options) -> RedisCache:
    return RedisCache(build_redis(url), **options)


async def answer() -> bytes:
    return b"loaded"


async def test_a_killed_redis_is_a_miss_and_counted():
    losses = Losses()
    with running_redis() as url:
        cache = a_cache(url, on_unavailable=losses)
        await cache.set("key", b"value", ttl=60)
        alive = await cache.get("key")

    found = await cache.get("key")
    await cache.set("key", b"other", ttl=60, tags=["tag"])
    await cache.delete("key")
    await cache.delete_tagged("tag")
    loaded = await cache.get_or_load("key", answer, ttl=60)
    await cache.close()

    assert alive == b"value"
    assert found is None
    assert loaded == b"loaded"
    assert losses.count == 6  # get, set, delete, delete_tagged, and the look-up and set of a load


async def test_a_redis_that_never_was_is_a_miss():
    cache = a_cache(f"redis://127.0.0.1:{free_port()}/0")

    assert await cache.get("key") is None
    assert await cache.get_or_load("key", answer, ttl=60) == b"loaded"
    await cache.close()


async def test_a_paused_redis_costs_its_patience_once_and_never_mixes_answers_up(redis_url: str):
    now = [0.0]
    cache = a_cache(redis_url, clock=lambda: now[0])

    async def found_in_the_end(key: str) -> bytes | None:
        for _ in range(100):  # on a busy machine even a Redis that is well may be slow
            if (found := await cache.get(key)) is not None:
                return found
            now[0] += REST
            await cache.set(key, key.encode(), ttl=60)
        return None

    assert [await found_in_the_end(key) for key in ("a", "b")] == [b"a", b"b"]
    with redis.Redis.from_url(redis_url) as admin:
        admin.client_pause(300)
        started = time.monotonic()
        lost = [await cache.get("a") for _ in range(20)]
        took = time.monotonic() - started
        await asyncio.sleep(0.35)

    back = [await found_in_the_end(key) for key in ("b", "a", "b")]
    await cache.close()

    assert lost == [None] * 20
    assert took < 20 * PATIENCE  # not every look-up waited
    assert back == [b"b", b"a", b"b"]


async def test_a_flushed_redis_is_a_miss(redis_url: str):
    cache = a_cache(redis_url)
    await cache.set("key", b"value", ttl=60)
    with redis.Redis.from_url(redis_url) as admin:
        admin.flushall()

    assert await cache.get("key") is None
    await cache.close()


async def test_a_key_of_another_type_is_a_miss_and_redis_goes_on_being_asked(redis_url: str):
    losses = Losses()
    cache = a_cache(redis_url, on_unavailable=losses)
    await cache.set("other", b"value", ttl=60)
    with redis.Redis.from_url(redis_url) as admin:
        admin.lpush("mitra:1:value:{key}", "surprise")

    assert await cache.get("key") is None
    assert await cache.get("other") == b"value"
    assert losses.count == 1
    await cache.close()


async def test_a_read_only_redis_still_reads(redis_url: str):
    cache = a_cache(redis_url)
    await cache.set("key", b"value", ttl=60)
    with redis.Redis.from_url(redis_url) as admin:
        admin.replicaof("127.0.0.1", free_port())
        await cache.set("key", b"other", ttl=60)
        found = await cache.get("key")
        admin.replicaof("NO", "ONE")
    await cache.close()

    assert found == b"value"


async def test_a_full_redis_still_reads(redis_url: str):
    cache = a_cache(redis_url)
    await cache.set("key", b"value", ttl=60)
    with redis.Redis.from_url(redis_url) as admin:
        admin.config_set("maxmemory", 1)
        await cache.set("other", b"value", ttl=60)
        found = await cache.get("key"), await cache.get("other")
        admin.config_set("maxmemory", 0)
    await cache.close()

    assert found == (b"value", None)


async def test_keys_carry_a_version(redis_url: str):
    cache: RedisCache = a_cache(redis_url, prefix="test")

    with redis.Redis.from_url(redis_url) as admin:
        for _ in range(100):  # a busy machine's Redis may answer too late to be waited for
            await cache.set("key", b"value", ttl=60)
            if admin.keys():
                break
        assert admin.keys() == [b"test:1:value:{key}"]
    await cache.close()
