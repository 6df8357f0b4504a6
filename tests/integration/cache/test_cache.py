"""What every cache does: in memory, in a real Redis, and in both."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.cache.base import Cache
from gateway.cache.connecting import build_redis
from gateway.cache.memory import MemoryCache
from gateway.cache.redis import RedisCache
from gateway.cache.tiered import TieredCache, build_cache

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["memory", "redis", "tiered", "tiered-with-redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    if request.param == "memory":
        made: Cache = MemoryCache()
    elif request.param == "tiered":
        made = TieredCache(MemoryCache())
    elif request.param == "tiered-with-redis":
        made = build_cache(request.getfixturevalue("redis_url"), "test", 2**20)
    else:
        made = RedisCache(build_redis(request.getfixturevalue("redis_url")))
    yield made
    await made.close()


class Source:
    """Counts how often it is asked; answers when it is let."""

    def __init__(self, answer: bytes | Exception = b"value") -> None:
        self.answer = answer
        self.calls = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self) -> bytes:
        self.calls += 1
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_what_was_set_is_remembered_byte_for_byte(cache: Cache):
    value = bytes(range(256))

    await cache.set("key", value, ttl=60)

    assert await cache.get("key") == value


async def test_what_was_never_set_is_a_miss(cache: Cache):
    assert await cache.get("key") is None


async def test_an_empty_value_is_no_miss(cache: Cache):
    await cache.set("key", b"", ttl=60)

    assert await cache.get("key") == b""


async def test_a_value_lives_for_its_time(cache: Cache):
    await cache.set("key", b"value", ttl=0.02)
    await asyncio.sleep(0.05)

    assert await cache.get("key") is None


@pytest.mark.parametrize("ttl", [0, -1])
async def test_a_value_without_a_life_replaces_and_is_gone(cache: Cache, ttl: float):
    await cache.set("key", b"old", ttl=60)

    await cache.set("key", b"new", ttl=ttl)

    assert await cache.get("key") is None


async def test_a_deleted_key_is_forgotten(cache: Cache):
    await cache.set("key", b"value", ttl=60)

    await cache.delete("key")
    await cache.delete("never set")

    assert await cache.get("key") is None


async def test_a_tag_forgets_all_that_carry_it_and_nothing_else(cache: Cache):
    await cache.set("a", b"a", ttl=60, tags=["tokopedia"])
    await cache.set("b", b"b", ttl=60, tags=["tokopedia", "pintaria"])
    await cache.set("c", b"c", ttl=60, tags=["pintaria"])

    await cache.delete_tagged("tokopedia")
    await cache.delete_tagged("nobody's")

    assert [await cache.get(key) for key in "abc"] == [None, None, b"c"]


async def test_a_miss_is_loaded_once_and_remembered(cache: Cache):
    source = Source()

    answers = [await cache.get_or_load("key", source, ttl=60) for _ in range(3)]

    assert answers == [b"value"] * 3
    assert source.calls == 1


async def test_a_thousand_readers_of_one_missing_key_share_one_load(cache: Cache):
    source = Source()
    source.may_answer.clear()
    readers = [asyncio.create_task(cache.get_or_load("key", source, ttl=60)) for _ in range(1_000)]
    await asyncio.sleep(0.05)

    source.may_answer.set()

    assert set(await asyncio.gather(*readers)) == {b"value"}
    assert source.calls == 1


async def test_a_failed_load_fails_its_readers_and_is_not_remembered(cache: Cache):
    source = Source(RuntimeError("partner down"))
    outcomes = await asyncio.gather(
        *(cache.get_or_load("key", source, ttl=60) for _ in range(5)), return_exceptions=True
    )
    source.answer = b"value"

    assert {type(outcome) for outcome in outcomes} == {RuntimeError}
    assert source.calls == 1
    assert await cache.get_or_load("key", source, ttl=60) == b"value"


async def test_a_reader_that_leaves_does_not_spoil_it_for_the_others(cache: Cache):
    source = Source()
    source.may_answer.clear()
    impatient = asyncio.create_task(cache.get_or_load("key", source, ttl=60))
    patient = asyncio.create_task(cache.get_or_load("key", source, ttl=60))
    await asyncio.sleep(0.02)

    impatient.cancel()
    await asyncio.sleep(0)
    source.may_answer.set()

    assert await patient == b"value"
    assert impatient.cancelled()
    assert source.calls == 1
