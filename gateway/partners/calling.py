"""One guarded call: its deadline, its place, its retries, and each of its requests.

Order: deadline, bulkhead, retry; then, for each single request, breaker, pace, adapter.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from adapters.base import has_capability
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerContractError,
    PartnerError,
    PartnerRefusedError,
    PartnerUnavailableError,
    RetryablePartnerError,
)
from gateway.partners.errors import CrowdedError, HeldBackError, PaceError
from gateway.partners.guard import Guard
from gateway.partners.operations import Operation
from gateway.partners.pace import Pace
from gateway.partners.retry import Clock, Dice, RetryPolicy, Sleep, build_retrying
from schema.model.values import PartnerCode

LATEST_START = 0.9  # of a call's time
CLOCK_NOISE = 0.05  # seconds that may pass without anybody having waited

log = structlog.get_logger(__name__)

T = TypeVar("T")
Ask = Callable[[Any], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Means:
    """What all calls of a process share: adapters, pace, retries, clock and dice.

    `adapter_for` raises `KeyError` for a partner that is in no partners file.
    """

    adapter_for: Callable[[PartnerCode], object]
    pace: Pace
    retry: RetryPolicy
    clock: Clock
    sleep: Sleep
    dice: Dice


class GuardedCall:
    """One call under way, which ends within `limit` seconds; to be run once."""

    def __init__(
        self, partner: PartnerCode, operation: Operation, guard: Guard, limit: float, means: Means
    ) -> None:
        """Begin its time."""
        self.attempts = 0  # requests that were made
        self._partner = partner
        self._operation = operation
        self._guard = guard
        self._limit = limit
        self._means = means
        self._ends_at = means.clock() + limit
        self._is_open = False  # while a request may have reached the partner unanswered
        self._failure: PartnerError | None = None  # of the last request

    async def run(self, ask: Ask[T]) -> T:
        """Return what the adapter answers to `ask`.  Raises `PartnerError`, and nothing else."""
        means = self._means
        retrying = build_retrying(
            means.retry,
            ends_at=self._ends_at,
            clock=means.clock,
            sleep=means.sleep,
            dice=means.dice,
            may_retry=self._guard.may_retry,
        )
        try:
            async with asyncio.timeout(self._limit) as deadline, self._guard.places:
                return await retrying(self._attempt, ask, deadline.expired)
        except TimeoutError as exc:
            raise self._silence() from exc
        finally:
            retrying.iter_state.reset()  # its steps lead back to it: a circle for each call

    def _silence(self) -> PartnerError:
        """Return what it means that the call's time is over."""
        if self.attempts == 0:
            return CrowdedError(self._partner)
        reason = f"no answer to {self._operation} within {self._limit:g} s"
        if self._is_open and self._operation.is_write:
            return AmbiguousPartnerError(self._partner, reason)
        return PartnerUnavailableError(self._partner, reason)

    async def _attempt(self, ask: Ask[T], is_cut: Callable[[], bool]) -> T:
        adapter = self._capable_adapter()
        try:
            with self._guard.request(self._limit, is_cut) as request:
                await self._wait_for_turn()
                if self._is_late():
                    raise CrowdedError(self._partner)
                self._guard.begin(request, is_retry=self.attempts > 0)
                self.attempts += 1
                return await self._ask(ask, adapter)
        except HeldBackError:
            if self._failure is None:
                raise
            raise self._failure from None  # what did go out failed, and that is to be known
        except PartnerError as exc:
            self._failure = exc
            raise

    async def _wait_for_turn(self) -> None:
        """Wait until the partner's pace allows a request, so long that half of the time is left.

        Raises `PaceError` if that is too late.
        """
        patience = max(self._ends_at - self._means.clock() - self._limit / 2, 0.0)
        turn = await self._means.pace.take(self._partner, patience)
        if not turn.is_taken:
            raise PaceError(self._partner, retry_after=turn.wait)
        if turn.wait > 0:
            await self._means.sleep(turn.wait)

    def _is_late(self) -> bool:
        """Return whether so much time is gone that a first request could only end in doubt."""
        waited = self._means.clock() - self._ends_at + self._limit
        return self.attempts == 0 and waited > max(LATEST_START * self._limit, CLOCK_NOISE)

    async def _ask(self, ask: Ask[T], adapter: object) -> T:
        self._is_open = True
        try:
            answer = await ask(adapter)
        except RetryablePartnerError:
            self._is_open = False  # an adapter says so only of what had no effect
            raise
        except PartnerError:
            raise
        except Exception as exc:
            fault = type(exc).__name__  # its text may hold anything
            log.error(  # noqa: TRY400 - for the same reason no traceback
                "partner.adapter_failed",
                partner=self._partner,
                operation=self._operation.value,
                error=fault,
            )
            raise PartnerContractError(self._partner, f"its adapter failed with {fault}") from exc
        self._is_open = False
        return answer

    def _capable_adapter(self) -> object:
        try:
            adapter = self._means.adapter_for(self._partner)
        except KeyError as exc:
            raise PartnerUnavailableError(self._partner, "is in no partners file") from exc
        if not has_capability(adapter, self._operation.needs):
            raise PartnerRefusedError(self._partner, f"its adapter has no {self._operation.needs}")
        return adapter
