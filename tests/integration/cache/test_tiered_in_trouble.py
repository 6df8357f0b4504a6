"""Two levels over one Redis in every trouble: no read fails, and none waits for long."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import redis

from tests.integration.cache.sharing import Process, Source, processes, tried
from tests.servers import free_port, running_redis

pytestmark = pytest.mark.anyio

MOST_ADDED = 0.05  # seconds


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
