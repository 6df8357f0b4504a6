"""What only the in-process cache promises: bounds, and no task for what is remembered."""

import pytest

from gateway.cache.memory import ENTRY_OVERHEAD, MemoryCache

pytestmark = pytest.mark.anyio

ROOM_FOR_TWO = 2 * (ENTRY_OVERHEAD + 1 + 100)


async def test_the_least_recently_used_goes_first():
    cache = MemoryCache(ROOM_FOR_TWO)
    await cache.set("a", b"a" * 100, ttl=60)
    await cache.set("b", b"b" * 100, ttl=60)
    await cache.get("a")

    await cache.set("c", b"c" * 100, ttl=60)

    assert [await cache.get(key) is not None for key in "abc"] == [True, False, True]


async def test_a_value_larger_than_the_cache_is_not_held():
    cache = MemoryCache(ROOM_FOR_TWO)
    await cache.set("a", b"a", ttl=60)

    await cache.set("b", b"b" * 10_000, ttl=60)

    assert await cache.get("a") == b"a"
    assert await cache.get("b") is None


async def test_setting_a_key_again_takes_no_more_room():
    cache = MemoryCache(ROOM_FOR_TWO)
    await cache.set("b", b"b" * 100, ttl=60)

    for _ in range(10):
        await cache.set("a", b"a" * 100, ttl=60)

    assert await cache.get("b") is not None


async def test_a_value_expires_by_the_clock():
    now = [0.0]
    cache = MemoryCache(clock=lambda: now[0])
    await cache.set("a", b"a", ttl=10)

    now[0] = 9.9
    before = await cache.get("a")
    now[0] = 10.0

    assert before == b"a"
    assert await cache.get("a") is None


async def test_forgotten_keys_leave_no_tags_behind():
    cache = MemoryCache()
    await cache.set("a", b"a", ttl=60, tags=["t"])

    await cache.delete("a")

    assert not cache._tagged
    assert cache._bytes == 0
