"""When a failed call to a partner is repeated, and after what wait.

Exponential backoff with full jitter, at least as long as the partner asked for, bounded in
number, in time, and by the partner's retry budget.  Only a `RetryablePartnerError` is repeated:
an ambiguous write never is, nor what our own guard held back.
"""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from adapters.errors import PartnerThrottledError, RetryablePartnerError
from gateway.partners.errors import HeldBackError

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
    """Return for how long a partner is to be left alone, from 0 to 15 minutes.

    It asked for that itself, or our own guard wants it.
    """
    if not isinstance(error, PartnerThrottledError | HeldBackError):
        return 0.0
    asked = error.retry_after
    if asked is None or math.isnan(asked):
        return 0.0
    return min(max(asked, 0.0), LONGEST_RETRY_AFTER)


def build_retrying(
    policy: RetryPolicy,
    *,
    ends_at: float,
    clock: Clock,
    sleep: Sleep,
    dice: Dice,
    may_retry: Callable[[], bool] = lambda: True,
) -> AsyncRetrying:
    """Return the loop for one call; it gives up rather than wait past `ends_at` by `clock`.

    `may_retry` is asked, last of all, before each retry.  The last failure is raised as it was.
    """

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(policy.backoff(state.attempt_number, dice), retry_after(error))

    def is_over(state: RetryCallState) -> bool:
        next_at = clock() + state.upcoming_sleep
        return state.attempt_number >= policy.attempts or next_at >= ends_at or not may_retry()

    async def pause(seconds: Any) -> None:
        await sleep(float(seconds))

    return AsyncRetrying(
        retry=retry_if_exception(_is_worth_repeating),
        wait=wait,
        stop=is_over,
        sleep=pause,
        reraise=True,
    )


def _is_worth_repeating(error: BaseException) -> bool:
    return isinstance(error, RetryablePartnerError) and not isinstance(error, HeldBackError)
