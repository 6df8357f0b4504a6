"""How many calls a partner gets at a time: a bulkhead whose size follows how the partner copes.

Additive increase, multiplicative decrease.  What makes it smaller is being *crowded*: the
partner asks to slow down, does not answer in time, or takes more than half the time that it
has.  An error that comes quickly says nothing of crowding; it is the breaker's business.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self

DECREASE = 0.8


class AdaptiveLimit:
    """A number from 1 to `most`.  Pure: no I/O, the clock is passed in."""

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._limit = float(most)
        self._decreased_at = float("-inf")

    @property
    def limit(self) -> int:
        """How many calls may be under way."""
        return int(self._limit)

    def increase(self) -> None:
        """Learn of a call that was answered well: as many as may be under way add one."""
        self._limit = min(self._limit + 1 / self._limit, self._most)

    def decrease(self, began: float, now: float) -> None:
        """Learn of a crowded call; those that had begun before the last decrease count once."""
        if began >= self._decreased_at:
            self._limit = max(self._limit * DECREASE, 1.0)
            self._decreased_at = now


class Places:
    """The bulkhead: whoever comes when it is full waits in line, first come, first served."""

    def __init__(self, size: AdaptiveLimit) -> None:
        self._size = size
        self._taken = 0
        self._line: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> Self:
        if not self._line and self._taken < self._size.limit:
            self._taken += 1
            return self
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the place was given to one who has gone
                self._give_back()
            raise  # who stands in line and has gone is passed over
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._give_back()

    def _give_back(self) -> None:
        self._taken -= 1
        while self._line and self._taken < self._size.limit:
            turn = self._line.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)
