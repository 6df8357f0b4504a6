"""When a failed call to a partner is repeated, and after what wait.

Exponential backoff with full jitter, at least as long as the partner asked for, bounded in
number and in time.  Only a `RetryablePartnerError` is repeated: an ambiguous write never is.
"""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from adapters.errors import PartnerThrottledError, RetryablePartnerError

LONGEST_RETRY_AFTER = 15 * 60.0  # seconds: no partner may silence us for longer

Clock = Callable[[], float]
Dice = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is made at most, and how its waits grow; seconds."""

    attempts: int = 3
    first_wait: float = 0.2
    longest_wait: float = 5.0

    def backoff(self, attempt: int, dice: Dice) -> float:
        """Return a random wait after the attempt of this number (from 1)."""
        return dice() * min(self.longest_wait, self.first_wait * 2.0 ** min(attempt - 1, 30))


def retry_after(error: BaseException | None) -> float:
    """Return for how long the partner asked to be left alone, from 0 to 15 minutes."""
    asked = error.retry_after if isinstance(error, PartnerThrottledError) else None
    if asked is None or math.isnan(asked):
        return 0.0
    return min(max(asked, 0.0), LONGEST_RETRY_AFTER)


def build_retrying(
    policy: RetryPolicy, *, ends_at: float, clock: Clock, sleep: Sleep, dice: Dice
) -> AsyncRetrying:
    """Return the loop for one call; it gives up rather than wait past `ends_at` by `clock`.

    The last failure is raised as it was.
    """

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(policy.backoff(state.attempt_number, dice), retry_after(error))

    def is_over(state: RetryCallState) -> bool:
        next_at = clock() + state.upcoming_sleep
        return state.attempt_number >= policy.attempts or next_at >= ends_at

    async def pause(seconds: Any) -> None:
        await sleep(float(seconds))

    return AsyncRetrying(
        retry=retry_if_exception_type(RetryablePartnerError),
        wait=wait,
        stop=is_over,
        sleep=pause,
        reraise=True,
    )
