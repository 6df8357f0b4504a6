"""How fast partners are called: requests per second, as a token bucket of one second's worth.

The bucket is the generic cell rate algorithm: all that is kept is the moment at which it is
full again.  `LocalPace` keeps it in this process, `gateway.partners.shared_pace` in Redis.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from adapters.manifest import Manifest
from adapters.registry import manifests
from gateway.partners.config import PartnerConfig
from schema.model.values import PartnerCode


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests per second; as many may come at once after a quiet second, one at least."""

    per_second: float

    @property
    def interval(self) -> float:
        """Seconds that one request takes up."""
        return 1 / self.per_second

    @property
    def tolerance(self) -> float:
        """How many seconds ahead of the pace a request may come."""
        return (max(self.per_second, 1.0) - 1) * self.interval

    def shared_by(self, processes: int) -> "Rate":
        """Return the part of one process that cannot ask the others."""
        return Rate(self.per_second / processes)


@dataclass(frozen=True, slots=True)
class Turn:
    """When a request may go: in `wait` seconds, if it `is_taken`; else not before then."""

    wait: float
    is_taken: bool = True


AT_ONCE = Turn(0.0)


def take_turn(rate: Rate, full_at: float, now: float, patience: float) -> tuple[Turn, float]:
    """Return a request's turn, and when the bucket is full again.  Pure.

    A turn that is further away than `patience` is not taken.
    """
    full_at = max(full_at, now)
    wait = max(full_at - rate.tolerance - now, 0.0)
    if wait > patience:
        return Turn(wait, is_taken=False), full_at
    return Turn(wait), full_at + rate.interval


class Pace(Protocol):
    """Tells every request when it may go."""

    async def take(self, code: PartnerCode, patience: float) -> Turn:
        """Return the turn of a request that can wait for `patience` seconds."""


class NoPace:
    """Lets every request go at once."""

    async def take(self, code: PartnerCode, patience: float) -> Turn:
        """See `Pace.take`."""
        del code, patience
        return AT_ONCE


class LocalPace:
    """Keeps this process's part of each pace; a partner without one is not slowed down."""

    def __init__(
        self,
        rates: Mapping[PartnerCode, Rate],
        *,
        processes: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep `rates`, divided among so many `processes` that do not know of each other."""
        self._rates = {code: rate.shared_by(processes) for code, rate in rates.items()}
        self._full_at: dict[PartnerCode, float] = {}
        self._clock = clock

    async def take(self, code: PartnerCode, patience: float) -> Turn:
        """See `Pace.take`."""
        rate = self._rates.get(code)
        if rate is None:
            return AT_ONCE
        now = self._clock()
        turn, self._full_at[code] = take_turn(rate, self._full_at.get(code, now), now, patience)
        return turn


def partner_rates(
    configs: Sequence[PartnerConfig], known: Sequence[Manifest] | None = None
) -> Mapping[PartnerCode, Rate]:
    """Return the pace of each partner: the partners file's, else its adapter's default."""
    default = {each.id: each.requests_per_second for each in known or manifests()}
    told = {c.code: c.requests_per_second or default.get(c.adapter) for c in configs}
    return {code: Rate(per_second) for code, per_second in told.items() if per_second}
