"""Points that refill: all that is kept of a bucket is the moment at which it is full again."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

WINDOW = 60.0  # seconds in which an empty bucket is full again
MOST_BUCKETS = 100_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """Room for `points`, which refill evenly over `window` seconds."""

    points: int
    window: float = WINDOW

    @property
    def interval(self) -> float:
        """Seconds in which one point comes back."""
        return self.window / self.points

    def shared_by(self, processes: int) -> "Bucket":
        """Return the part of one process that cannot ask the others."""
        if processes == 1:
            return self
        return Bucket(max(self.points // processes, 1), self.window)


@dataclass(slots=True)  # not frozen, which doubles what making one takes: each request makes one
class Allowance:
    """What somebody may still spend, and when all is back; `retry_after` if it was refused."""

    points: int
    remaining: int
    reset: float
    window: float = WINDOW
    retry_after: float | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The response headers that tell it, as the IETF's draft names them."""
        policy = f'"client";q={self.points};w={math.ceil(self.window)}'
        left = f'"client";r={self.remaining};t={math.ceil(self.reset)}'
        told = {"RateLimit-Policy": policy, "RateLimit": left}
        if self.retry_after is not None:
            told["Retry-After"] = str(math.ceil(self.retry_after))
        return told


def spend(bucket: Bucket, full_at: float, now: float, amount: int) -> tuple[Allowance, float]:
    """Return what is left after `amount` was spent, or refused, and when the bucket is full.  Pure.

    Who asks for more than a bucket holds gets it from a full one.
    """
    full_at = max(full_at, now)
    after = full_at + min(amount, bucket.points) * bucket.interval
    wait = after - now - bucket.window
    if wait > 1e-9:  # noqa: PLR2004 - of a second: what floating point adds
        return to_allowance(bucket, full_at - now, wait), full_at
    return to_allowance(bucket, after - now), after


def to_allowance(bucket: Bucket, reset: float, wait: float | None = None) -> Allowance:
    """Return the allowance of a bucket that is full in `reset` seconds."""
    remaining = int((bucket.window - reset) / bucket.interval + 1e-6)
    return Allowance(bucket.points, max(remaining, 0), reset, bucket.window, wait)


class Buckets(Protocol):
    """Everybody's buckets, by a key that says whose and what for."""

    async def spend(self, key: str, bucket: Bucket, amount: int) -> Allowance:
        """Spend `amount`, all or nothing."""


class LocalBuckets:
    """This process's part of each bucket.

    Those that have not been used for longest are forgotten once they are full: one that nobody
    knows of is full, too.  So there are those of a window's clients, and no more than a bound.
    """

    def __init__(self, *, processes: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep a part, as one of so many `processes` that do not know of each other."""
        self._processes = processes
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()  # least recently used first

    def __len__(self) -> int:
        return len(self._full_at)

    async def spend(self, key: str, bucket: Bucket, amount: int) -> Allowance:
        """See `Buckets.spend`."""
        return self.spend_at_once(key, bucket, amount)

    def spend_at_once(self, key: str, bucket: Bucket, amount: int) -> Allowance:
        """Do the same without waiting for anybody."""
        now = self._clock()
        part = bucket.shared_by(self._processes)
        allowance, full_at = spend(part, self._full_at.pop(key, now), now, amount)
        self._full_at[key] = full_at
        self._forget(now)
        return allowance

    def give_back(self, key: str, bucket: Bucket, amount: int) -> None:
        """Undo `spend_at_once` of the same."""
        part = bucket.shared_by(self._processes)
        if key in self._full_at:
            self._full_at[key] -= min(amount, part.points) * part.interval

    def _forget(self, now: float) -> None:
        known = self._full_at
        while len(known) > MOST_BUCKETS or next(iter(known.values())) < now:
            known.popitem(last=False)
