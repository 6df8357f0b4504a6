"""All that stands between our calls and one partner, and learns from how its requests go."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from adapters.errors import (
    CursorExpiredError,
    PartnerAccessError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    UnreadableListError,
)
from gateway.partners.breaker import Breaker, BreakerPolicy, BreakerState, Outcome, Permit
from gateway.partners.budget import RetryBudget
from gateway.partners.concurrency import AdaptiveLimit, Places
from gateway.partners.errors import BreakerOpenError, RestingError
from gateway.partners.retry import Clock, retry_after
from schema.model.values import PartnerCode

FAIR_SHARE = 0.25  # of a call's time: a request that had less is not blamed for its silence
SLOW_SHARE = 0.5  # of a call's time: a request that takes more is a sign of crowding
CLOCK_NOISE = 0.01  # seconds: a call that slept for as long as it was told may wake so early

# It answered, in its own format: that one request was wrong, or its rows are.
_ANSWERS = (PartnerRefusedError, CursorExpiredError, UnreadableListError)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Request:
    """One request under way; it `began` when it went to the adapter, if it has."""

    time_allowed: float
    began: float | None = None


class Guard:
    """One partner's breaker, retry budget and bulkhead, and the rest that it has asked for."""

    def __init__(
        self, code: PartnerCode, most: int, clock: Clock, policy: BreakerPolicy | None = None
    ) -> None:
        self._code = code
        self._clock = clock
        self._breaker = Breaker(policy) if policy else Breaker()
        self._budget = RetryBudget()
        self._size = AdaptiveLimit(most)
        self._last = "no answer"
        self._rests_until = float("-inf")
        self.places = Places(self._size)

    @property
    def state(self) -> BreakerState:
        """The breaker's state."""
        return self._breaker.state

    @property
    def limit(self) -> int:
        """How many calls the partner gets at a time now."""
        return self._size.limit

    @property
    def wait(self) -> float:
        """In how many seconds a request is let through; 0 is now."""
        return max(self._breaker.wait(self._clock()), self._rest)

    def check(self) -> None:
        """Raise a `HeldBackError` if no request would be let through now."""
        if (rest := self._rest) > 0:
            raise RestingError(self._code, retry_after=rest)
        if self.wait > 0:
            raise self._is_open()

    def may_retry(self) -> bool:
        """Return whether a retry is worth while and can be paid for, and pay for it."""
        return self.state is BreakerState.CLOSED and self._budget.spend()

    @contextmanager
    def request(self, time_allowed: float, is_cut: Callable[[], bool]) -> Iterator[Request]:
        """Learn from what comes of the block; raises a `HeldBackError` instead of beginning it.

        `is_cut` tells whether it was our deadline that cancelled the block.
        """
        self.check()
        permit = self._breaker.admit(self._clock())
        if permit is None:
            raise self._is_open()
        request = Request(time_allowed)
        error: BaseException | None = None
        try:
            yield request
        except BaseException as exc:
            error = exc
            raise
        finally:
            self._learn(permit, request, error, was_cut=error is not None and is_cut())

    def begin(self, request: Request, *, is_retry: bool) -> None:
        """Note that a request goes out now."""
        request.began = self._clock()
        if not is_retry:
            self._budget.earn()

    @property
    def _rest(self) -> float:
        """For how many seconds the partner wants to be left alone."""
        left = self._rests_until - self._clock()
        return left if left > CLOCK_NOISE else 0.0

    def _is_open(self) -> BreakerOpenError:
        return BreakerOpenError(self._code, self._last, retry_after=self.wait)

    def _learn(
        self, permit: Permit, request: Request, error: BaseException | None, *, was_cut: bool
    ) -> None:
        now, outcome = self._clock(), Outcome.UNKNOWN
        if request.began is not None:
            took = now - request.began
            is_silent = was_cut and took >= FAIR_SHARE * request.time_allowed
            outcome = to_outcome(error, is_silent=is_silent)
            if outcome is Outcome.FAILED:
                self._last = (
                    error.reason if isinstance(error, PartnerError) else "no answer in time"
                )
            is_slow = took > SLOW_SHARE * request.time_allowed
            if isinstance(error, PartnerThrottledError):
                self._rests_until = max(self._rests_until, now + retry_after(error))
            if is_silent or is_slow or isinstance(error, PartnerThrottledError):
                self._size.decrease(request.began, now)
            elif outcome is Outcome.ANSWERED:
                self._size.increase()
        was_closed = self.state is BreakerState.CLOSED
        self._breaker.record(permit, outcome, now)
        self._tell(was_closed=was_closed)

    def _tell(self, *, was_closed: bool) -> None:
        is_closed = self.state is BreakerState.CLOSED
        if was_closed and not is_closed:
            log.warning(
                "partner.breaker_opened", partner=self._code, reason=self._last, seconds=self.wait
            )
        elif is_closed and not was_closed:
            log.info("partner.breaker_closed", partner=self._code)


def to_outcome(error: BaseException | None, *, is_silent: bool) -> Outcome:
    """Return what a request's end says of its partner.

    5xx, silence, garbage and being locked out are failures; a refusal is an answer; a throttle is
    neither: it says that the partner lives, and that it cannot take more.
    """
    if isinstance(error, PartnerAccessError):
        return Outcome.FAILED  # whatever is asked, until somebody mends it
    if error is None or isinstance(error, _ANSWERS):
        return Outcome.ANSWERED
    if isinstance(error, asyncio.CancelledError):  # by our deadline, or by who asked
        return Outcome.FAILED if is_silent else Outcome.UNKNOWN
    if isinstance(error, PartnerError) and not isinstance(error, PartnerThrottledError):
        return Outcome.FAILED
    return Outcome.UNKNOWN
