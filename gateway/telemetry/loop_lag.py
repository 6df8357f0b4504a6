"""Noticing what blocks the event loop: a task that is due comes too late."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from gateway.telemetry.metrics import EVENT_LOOP_LAG

EVERY = 0.1  # seconds between two looks
TOO_LATE = 0.25  # seconds that nobody should have been held up for
QUIET = 10.0  # seconds between two lines in the log

log = structlog.get_logger(__name__)


class LoopLag:
    """Looks how late the loop is, for ever."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._told_at = float("-inf")

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            due = self._clock() + EVERY
            await self._sleep(EVERY)
            now = self._clock()
            lag = max(now - due, 0.0)
            EVENT_LOOP_LAG.observe(lag)
            if lag > TOO_LATE and now - self._told_at > QUIET:
                self._told_at = now
                log.warning("loop.blocked", milliseconds=round(lag * 1000))
