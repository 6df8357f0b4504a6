"""A partner's pace across processes, and when Redis is killed, paused, read-only or confused."""

import asyncio
import time

import pytest
import redis

from gateway.cache.connecting import PATIENCE, REST, build_redis
from gateway.partners.pace import LocalPace, Rate, Turn
from gateway.partners.shared_pace import SharedPace
from schema.model.values import PartnerCode
from tests.servers import free_port, running_redis

pytestmark = pytest.mark.anyio
CODE, OTHER = PartnerCode("tokopedia"), PartnerCode("bukalapak")
SLOW = {CODE: Rate(0.01), OTHER: Rate(0.01)}  # one request, and then none for a long time


class Process:
    """One process's pace, with a clock of its own for how long it leaves Redis alone."""

    def __init__(self, url: str, rates=SLOW, processes: int = 4) -> None:
        self.now = 0.0
        self.losses = 0
        self.pace = SharedPace(
            build_redis(url),
            rates,
            LocalPace(rates, processes=processes),
            on_unavailable=self.lose,
            clock=lambda: self.now,
        )

    def lose(self) -> None:
        self.losses += 1

    async def take(self, code: PartnerCode = CODE, patience: float = 0.0) -> Turn:
        return await self.pace.take(code, patience)

    async def shared(self, code: PartnerCode = CODE, patience: float = 0.0) -> Turn:
        """Take a turn in Redis: on a busy machine even one that is well may be slow."""
        for _ in range(100):
            self.losses = 0
            turn = await self.take(code, patience)
            if not self.losses:
                return turn
            self.now += REST
            self.pace._local = LocalPace({})
        raise AssertionError("Redis never answered in time")


async def closed(*processes: Process) -> None:
    for each in processes:
        await each.pace.close()


async def test_processes_share_one_pace(redis_url: str):
    one, two = Process(redis_url), Process(redis_url)

    first = await one.shared()
    second = await two.shared()
    other = await two.shared(OTHER)

    assert first == other == Turn(0.0)
    assert not second.is_taken
    assert second.wait == pytest.approx(100, abs=5)
    await closed(one, two)


async def test_turns_that_are_waited_for_are_one_after_the_other(redis_url: str):
    rates = {CODE: Rate(1.0)}
    processes = [Process(redis_url, rates) for _ in range(3)]

    turns = [await each.shared(patience=1_000.0) for each in processes * 4]

    waits = [turn.wait for turn in turns]
    assert all(turn.is_taken for turn in turns)
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(11, abs=3)
    await closed(*processes)


async def test_a_turn_that_is_not_taken_costs_nothing(redis_url: str):
    process = Process(redis_url, {CODE: Rate(1.0)})
    await process.shared()
    refused = [await process.shared() for _ in range(5)]

    assert not any(turn.is_taken for turn in refused)
    assert refused[-1].wait <= 1.0
    await closed(process)


async def test_what_is_kept_ends_by_itself(redis_url: str):
    process = Process(redis_url, {CODE: Rate(5.0)})
    await process.shared()

    with redis.Redis.from_url(redis_url) as admin:
        [key] = admin.keys("mitra:*:pace:*")
        assert 0 < admin.pttl(key) < 5_000
    await closed(process)


async def test_a_killed_redis_leaves_each_process_its_part():
    with running_redis() as url:
        process = Process(url, {CODE: Rate(8.0)})
        await process.shared()

    turns = [await process.take(patience=60) for _ in range(5)]

    assert process.losses == 5
    assert [round(turn.wait, 1) for turn in turns[:2]] == [0.0, 0.0]  # 2 a second, 2 at once
    assert turns[4].wait == pytest.approx(1.5, abs=0.3)
    await closed(process)


async def test_a_redis_that_never_was_leaves_each_process_its_part():
    process = Process(f"redis://127.0.0.1:{free_port()}/0")

    assert await process.take() == Turn(0.0)
    assert not (await process.take()).is_taken
    await closed(process)


async def test_a_paused_redis_costs_its_patience_once_and_is_asked_again(redis_url: str):
    process = Process(redis_url)
    await process.shared()
    with redis.Redis.from_url(redis_url) as admin:
        admin.client_pause(400)
        started = time.monotonic()
        turns = [await process.take() for _ in range(20)]
        took = time.monotonic() - started
        await asyncio.sleep(0.45)

    assert took < 20 * PATIENCE
    assert process.losses == 20
    assert [turn.is_taken for turn in turns] == [True] + [False] * 19  # its own part
    process.now += REST
    assert not (await process.shared()).is_taken  # the turn from before the pause still counts
    await closed(process)


async def test_a_flushed_redis_forgets_no_more_than_a_second_of_pace(redis_url: str):
    process = Process(redis_url, {CODE: Rate(2.0)})
    with redis.Redis.from_url(redis_url) as admin:
        before = [await process.shared() for _ in range(4)]
        admin.flushall()
        after = [await process.shared() for _ in range(4)]

    assert sum(turn.is_taken for turn in before + after) <= 6
    await closed(process)


async def test_a_read_only_or_confused_redis_leaves_each_process_its_part(redis_url: str):
    process = Process(redis_url)
    with redis.Redis.from_url(redis_url) as admin:
        admin.lpush("mitra:1:pace:tokopedia", "surprise")
        confused = await process.take()
        process.now += REST
        admin.replicaof("127.0.0.1", free_port())
        read_only = await process.take(OTHER)
        admin.replicaof("NO", "ONE")

    assert confused.is_taken
    assert read_only.is_taken
    assert process.losses == 2
    await closed(process)
