"""A blocked event loop is noticed."""

import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.telemetry import REGISTRY
from gateway.telemetry.loop_lag import LoopLag

pytestmark = pytest.mark.anyio


async def test_a_loop_that_comes_late_is_counted_and_told_once():
    now, naps = 0.0, iter([0.1, 0.9, 0.9])

    async def oversleep(_seconds: float) -> None:
        nonlocal now
        try:
            now += next(naps)
        except StopIteration:
            raise asyncio.CancelledError from None

    before = REGISTRY.get_sample_value("mitra_event_loop_lag_seconds_sum") or 0.0
    with capture_logs() as told, pytest.raises(asyncio.CancelledError):
        await LoopLag(clock=lambda: now, sleep=oversleep).run()

    lagged = REGISTRY.get_sample_value("mitra_event_loop_lag_seconds_sum") - before
    assert lagged == pytest.approx(1.6)
    assert [(line["event"], line["milliseconds"]) for line in told] == [("loop.blocked", 800)]
