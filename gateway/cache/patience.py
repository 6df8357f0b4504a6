"""Asking a Redis that may be gone: it costs `PATIENCE` once per `REST`, and is never waited for."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from redis.exceptions import ResponseError

from gateway.cache.connecting import LOST, PATIENCE, REST


class PatientRedis:
    """Asks Redis; `on_unavailable` is called for each question that found none."""

    def __init__(
        self,
        on_unavailable: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_unavailable = on_unavailable
        self._clock = clock
        self._resting_until = float("-inf")

    async def ask(self, question: Callable[[], Awaitable[Any]]) -> Any:
        """Return Redis's answer, or None when there is none in time."""
        if self._clock() < self._resting_until:
            self._on_unavailable()
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                return await question()
        except ResponseError:  # it is there, but refuses: full, read-only, a key of another type
            self._on_unavailable()
        except LOST:
            self._resting_until = self._clock() + REST
            self._on_unavailable()
        return None
