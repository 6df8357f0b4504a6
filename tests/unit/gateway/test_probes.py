"""Whether what we stand on answers: asked rarely, and never waited for long."""

import asyncio

import pytest

from gateway.probes import Probes

pytestmark = pytest.mark.anyio


async def fine():
    return 1


async def broken():
    raise OSError


async def silent():
    await asyncio.Event().wait()


async def test_what_fails_is_down_and_what_says_nothing_the_second_time():
    ticks = iter(range(100))
    probes = Probes({"a": fine, "b": broken, "c": silent}, patience=0.01, clock=lambda: next(ticks))

    assert await probes.read_down() == ["b"]
    assert await probes.read_down() == ["b", "c"]


async def test_who_asks_often_is_told_the_same():
    asked, now = 0, 100.0

    async def count():
        nonlocal asked
        asked += 1

    probes = Probes({"a": count}, clock=lambda: now)
    await asyncio.gather(*(probes.read_down() for _ in range(10)))
    assert asked == 1

    now += 1.0
    await probes.read_down()
    assert asked == 2
