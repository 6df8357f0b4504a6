"""Two processes' caches over one real Redis: one refresh for all."""

import asyncio
import time

import pytest
import redis

from gateway.cache.lifetimes import Entry, Lifetime, to_bytes
from gateway.cache.memory import MemoryCache
from gateway.cache.shared import Turn
from gateway.cache.tiered import TieredCache
from tests.integration.cache.sharing import TERMS, TRIES, Source, processes, tried

pytestmark = pytest.mark.anyio

READERS = 1_000


async def test_a_thousand_readers_in_two_processes_of_one_expired_value_make_one_call(redis_url):
    async def check() -> bool:
        source = Source()
        with redis.Redis.from_url(redis_url) as admin:
            admin.flushall()
        async with processes(redis_url) as cluster:
            first = await cluster[0].read(source)
            for process in cluster:
                process.wall += 60
            source.seconds = 0.2

            found = await asyncio.gather(*(cluster[n % 2].read(source) for n in range(READERS)))

            assert first == {"key": b"1"}
            assert len(found) == READERS
            assert {each["key"] for each in found} <= {b"1", b"2", b"3"}
            return source.asked == 2 and found == [{"key": b"2"}] * READERS

    assert await tried(check)


async def test_without_redis_each_process_makes_one_call():
    source = Source()
    source.seconds = 0.05
    caches = [TieredCache(MemoryCache()) for _ in range(2)]

    await asyncio.gather(*(caches[n % 2].read(["key"], source, TERMS) for n in range(READERS)))

    assert source.asked == 2


async def test_what_one_process_has_made_another_takes_over_with_its_age(redis_url):
    async def check() -> bool:
        source = Source()
        with redis.Redis.from_url(redis_url) as admin:
            admin.flushall()
        async with processes(redis_url) as [one, two]:
            made_at = one.wall
            await one.read(source)
            two.wall = made_at + 3
            await asyncio.sleep(0.02)  # the second level hears of it after the readers
            found = await two.cache.read(["key"], source, TERMS)
            return source.asked == 1 and found["key"].made_at == pytest.approx(made_at)

    assert await tried(check)


async def test_a_failure_in_one_process_is_not_tried_again_at_once_in_the_other(redis_url):
    async def check() -> bool:
        source = Source()
        with redis.Redis.from_url(redis_url) as admin:
            admin.flushall()
        async with processes(redis_url) as cluster:
            await cluster[0].read(source)
            for process in cluster:
                process.wall += 60
            source.failure = ConnectionError("partner down")
            found = [await cluster[n % 2].read(source) for n in range(6)]
            assert found == [{"key": b"1"}] * 6
            return source.asked == 2

    assert await tried(check)


async def test_a_lease_whose_holder_died_runs_out(redis_url):
    source = Source()
    async with processes(redis_url) as [dead, living]:
        for _ in range(TRIES):
            claims = await dead.shared.claim(["key"], 0.3)
            if claims["key"].turn is Turn.OURS and not dead.losses:
                break
            dead.losses = 0
            dead.rest()

        found = await living.read(source)

    assert found == {"key": b"1"}
    assert source.asked == 1


async def test_a_value_of_our_own_making_is_waited_for_only_briefly(redis_url):
    async with processes(redis_url) as [dead, living]:
        await dead.shared.claim(["key"], 30)

        started = time.monotonic()
        found = await living.cache.get_or_load("key", answer_at_once, ttl=5)
        took = time.monotonic() - started

    assert found == b"made here"
    assert took < 0.5


async def answer_at_once() -> bytes:
    return b"made here"


async def test_a_lease_is_given_back_only_by_its_holder(redis_url):
    async def check() -> bool:
        with redis.Redis.from_url(redis_url) as admin:
            admin.flushall()
        async with processes(redis_url) as [one, two]:
            first = await one.shared.claim(["key"], 30)
            await two.shared.close_leases({}, (), given_back=["key"])
            second = await two.shared.claim(["key"], 30)
            await one.shared.close_leases({}, (), given_back=["key"])
            third = await two.shared.claim(["key"], 30)
            turns = [claims["key"].turn for claims in (first, second, third)]
            return turns == [Turn.OURS, Turn.THEIRS, Turn.OURS] and not one.losses + two.losses

    assert await tried(check)


async def test_a_newer_programs_values_are_misses_and_ours_replace_them(redis_url):
    source = Source()
    async with processes(redis_url, 1) as [process]:
        theirs = to_bytes(Entry(b"pickled?", process.wall, Lifetime(60)))
        with redis.Redis.from_url(redis_url) as admin:
            admin.set("mitra:1:value:{key}", theirs.replace(b"ME\x01", b"ME\x02"))

        found = await process.read(source)

    assert found == {"key": b"1"}
