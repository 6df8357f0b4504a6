"""Two processes' caches over one real Redis: one refresh for all, and Redis in every trouble.

Each cache has its own connections, memory and leases, as a process has.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

import pytest
import redis

from gateway.cache.connecting import REST, build_redis
from gateway.cache.flights import Terms
from gateway.cache.lifetimes import Entry, Lifetime, to_bytes
from gateway.cache.memory import MemoryCache
from gateway.cache.shared import SharedLevel, Turn
from gateway.cache.tiered import TieredCache
from tests.servers import free_port, running_redis

pytestmark = pytest.mark.anyio

TERMS = Terms(Lifetime(5, last_known=100))
READERS = 1_000
MOST_ADDED = 0.05  # seconds
TRIES = 5  # on a busy machine even a Redis that is well may be slow


class Source:
    """One partner, whoever asks; says how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.seconds = 0.0
        self.failure: Exception | None = None
        self.at_a_time = self.most_at_a_time = 0

    async def __call__(self, keys: Sequence[str]) -> dict[str, bytes]:
        self.asked += 1
        answer = str(self.asked).encode()
        self.at_a_time += 1
        self.most_at_a_time = max(self.most_at_a_time, self.at_a_time)
        await asyncio.sleep(self.seconds)
        self.at_a_time -= 1
        if self.failure:
            raise self.failure
        return dict.fromkeys(keys, answer)


class Process:
    """One process's cache, with clocks that a test may move."""

    def __init__(self, url: str, most_refreshes: int = 32) -> None:
        self.wall = time.time()
        self.rested = 0.0
        self.losses = 0
        self.shared = SharedLevel(
            build_redis(url),
            on_unavailable=self.lose,
            clock=lambda: time.monotonic() + self.rested,
        )
        self.cache = TieredCache(
            MemoryCache(),
            self.shared,
            clock=lambda: self.wall,
            dice=lambda: 0.0,
            most_refreshes=most_refreshes,
        )

    def lose(self) -> None:
        self.losses += 1

    def rest(self) -> None:
        """Let so much time go by that Redis is asked again."""
        self.rested += REST

    async def read(self, source: Source, *keys: str) -> dict[str, bytes]:
        found = await self.cache.read(keys or ["key"], source, TERMS)
        return {key: entry.value for key, entry in found.items()}


@asynccontextmanager
async def processes(url: str, count: int = 2, **options) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as cleanup:
        made = [Process(url, **options) for _ in range(count)]
        for each in made:
            cleanup.push_async_callback(each.cache.close)
        yield made


async def tried(check: Callable[[], Awaitable[bool]]) -> bool:
    """Return whether `check` holds at one of a few tries."""
    for _ in range(TRIES):
        if await check():
            return True
    return False


# --- one refresh in the cluster -----------------------------------------------------------


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


# --- Redis in trouble (F1) ----------------------------------------------------------------


def pause(admin: redis.Redis) -> Callable[[], None]:
    pid = int(admin.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


def fill(admin: redis.Redis) -> Callable[[], None]:
    admin.config_set("maxmemory-policy", "noeviction")
    admin.config_set("maxmemory", 1)
    return lambda: admin.config_set("maxmemory", 0)


def make_read_only(admin: redis.Redis) -> Callable[[], None]:
    admin.replicaof("127.0.0.1", free_port())
    return lambda: admin.replicaof("NO", "ONE")


def flush(admin: redis.Redis) -> Callable[[], None]:
    admin.flushall()
    return lambda: None


def confuse(admin: redis.Redis) -> Callable[[], None]:
    """Put something else under the keys of values and leases."""
    for kind in ("value", "lease"):
        for key in ("known", "new"):
            admin.delete(f"mitra:1:{kind}:{{{key}}}")
            admin.lpush(f"mitra:1:{kind}:{{{key}}}", "surprise")
    return admin.flushall


TROUBLES = [pause, fill, make_read_only, flush, confuse]
UNCOUNTED = {flush}  # nothing fails there, it is only empty


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.__name__)
async def test_a_redis_in_trouble_fails_no_read_and_costs_little(redis_url, trouble):
    with redis.Redis.from_url(redis_url) as admin:

        async def check() -> bool:
            source = Source()
            async with processes(redis_url, 1) as [process]:
                await process.read(source, "known")
                await asyncio.sleep(0.02)
                process.wall += 60
                process.losses = 0
                process.rest()
                end = trouble(admin)
                try:
                    took = []
                    for key in ("known", "new", "newer"):
                        started = time.monotonic()
                        found = await process.read(source, key)
                        took.append(time.monotonic() - started)
                        assert found[key] not in (b"1", None)
                finally:
                    end()
                assert process.losses or trouble in UNCOUNTED
                assert source.asked == 4
                return max(took) <= MOST_ADDED

        assert await tried(check)


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.__name__)
async def test_what_is_known_is_served_even_if_redis_and_the_source_are_in_trouble(
    redis_url, trouble
):
    source = Source()
    async with processes(redis_url, 1) as [process]:
        with redis.Redis.from_url(redis_url) as admin:
            await process.read(source, "known")
            process.wall += 60
            process.rest()
            source.failure = ConnectionError("partner down")
            end = trouble(admin)
            try:
                found = await process.read(source, "known", "new")
            finally:
                end()

    assert found == {"known": b"1"}


async def test_a_killed_redis_fails_no_read_and_is_counted():
    source = Source()
    with running_redis() as url:
        process = Process(url)
        await process.read(source, "known")
    process.wall += 60

    started = time.monotonic()
    found = [await process.read(source, key) for key in ("known", "new", "new")]
    took = time.monotonic() - started
    await process.cache.close()

    assert found == [{"known": b"2"}, {"new": b"3"}, {"new": b"3"}]
    assert process.losses
    assert took < 3 * MOST_ADDED


async def test_a_redis_that_answers_after_two_seconds_costs_its_patience_once(redis_url):
    async def check() -> bool:
        source = Source()
        async with slow_redis(redis_url, seconds=2.0) as url, processes(url, 1) as [process]:
            took = []
            for key in ("a", "b", "c"):
                started = time.monotonic()
                assert key in await process.read(source, key)
                took.append(time.monotonic() - started)
            assert process.losses
            return sum(took) <= MOST_ADDED

    assert await tried(check)


async def test_a_redis_that_is_flushed_while_a_value_is_made_loses_nothing(redis_url):
    source = Source()
    source.seconds = 0.2
    async with processes(redis_url) as cluster:
        reading = [asyncio.create_task(cluster[n % 2].read(source)) for n in range(20)]
        await asyncio.sleep(0.05)
        with redis.Redis.from_url(redis_url) as admin:
            admin.flushall()
        found = await asyncio.gather(*reading)

    assert all("key" in each for each in found)
    assert source.asked <= 2


async def test_when_all_values_end_at_once_only_so_many_are_made_at_a_time(redis_url):
    """F3: a deployment, or FLUSHALL."""
    source = Source()
    async with processes(redis_url, 1, most_refreshes=8) as [process]:
        keys = [f"key-{n}" for n in range(200)]
        await asyncio.gather(*(process.read(source, key) for key in keys))
        with redis.Redis.from_url(redis_url) as admin:
            admin.flushall()
        process.wall += 60
        source.seconds, source.most_at_a_time = 0.02, 0  # long enough to overlap

        found = await asyncio.gather(*(process.read(source, key) for key in keys))

    assert all(found)
    assert source.asked == 400
    assert source.most_at_a_time == 8


@asynccontextmanager
async def slow_redis(url: str, seconds: float) -> AsyncIterator[str]:
    """Put a proxy before a Redis whose answers come so much later."""
    parts = urlsplit(url)
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late: float) -> None:
        try:
            while data := await reader.read(65_536):
                await asyncio.sleep(late)
                writer.write(data)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection(parts.hostname, parts.port)
        for each in (pump(reader, ours, 0.0), pump(theirs, writer, seconds)):
            task = asyncio.create_task(each)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()
        pending = list(tasks)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
