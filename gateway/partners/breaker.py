"""The circuit breaker of one partner.  Pure: no I/O, the clock is passed in.

It opens after failures in a row, or when most of a fair sample failed; a partner that fails
now and then is none of its business.  While open, one probe at a time goes through, and at
most one in `probe_every` seconds.  It closes once probes have succeeded oftener than failed
by `to_close`, so a partner that flaps stays cut off; opening again soon makes it slower.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class BreakerState(StrEnum):
    """CLOSED lets calls through, OPEN none, HALF_OPEN one at a time."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Outcome(Enum):
    """What a request says of its partner; UNKNOWN what says nothing of it."""

    ANSWERED = auto()
    FAILED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When to open, to probe and to close; times in seconds.

    With 35 % failures, a sample opens it less than once in ten thousand, a row of ten
    less than once in fifty thousand requests.
    """

    in_a_row: int = 10
    share: float = 0.7  # of a sample that failed
    sample: int = 50  # the newest outcomes, none older than `window`
    least: int = 30  # a smaller sample says nothing
    window: float = 60.0
    probe_every: float = 5.0
    longest_wait: float = 30.0
    to_close: int = 3
    relapse: float = 60.0  # opening again so soon after closing is a relapse
    most_relapses: int = 3


DEFAULT_POLICY = BreakerPolicy()


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one request; what comes of it is told to `Breaker.record`."""

    era: int
    is_probe: bool = False


class Breaker:
    """Decides whether a partner may be asked, by how its requests have gone."""

    def __init__(self, policy: BreakerPolicy = DEFAULT_POLICY) -> None:
        self._policy = policy
        self._era = 0  # rises whenever it opens or closes: older permits tell nothing new
        self._is_open = False
        self._row = 0
        self._sample: deque[tuple[float, bool]] = deque(maxlen=policy.sample)
        self._relapses = 0
        self._closed_at = float("-inf")
        self._is_probing = False
        self._score = 0
        self._wait = policy.probe_every
        self._next_probe_at = 0.0

    @property
    def state(self) -> BreakerState:
        """The state that a person is shown."""
        if not self._is_open:
            return BreakerState.CLOSED
        is_trying = self._is_probing or self._score > 0
        return BreakerState.HALF_OPEN if is_trying else BreakerState.OPEN

    def wait(self, now: float) -> float:
        """Return in how many seconds a request may be made; 0 is now."""
        if not self._is_open:
            return 0.0
        left = self._next_probe_at - now
        if self._is_probing:  # nobody knows how long it takes
            return left if left > 0 else self._policy.probe_every
        return max(left, 0.0)

    def admit(self, now: float) -> Permit | None:
        """Return leave to make a request, or None while there is a `wait`."""
        if self.wait(now) > 0:
            return None
        if self._is_open:
            self._is_probing = True
            self._next_probe_at = now + self._policy.probe_every
        return Permit(self._era, is_probe=self._is_open)

    def record(self, permit: Permit, outcome: Outcome, now: float) -> None:
        """Learn what came of a request; every permit must be told of once."""
        if permit.era != self._era:
            return
        if permit.is_probe:
            self._record_probe(outcome, now)
        elif outcome is not Outcome.UNKNOWN:
            self._record_call(now, failed=outcome is Outcome.FAILED)

    def _record_call(self, now: float, *, failed: bool) -> None:
        self._row = self._row + 1 if failed else 0
        self._sample.append((now, failed))
        if failed and (self._row >= self._policy.in_a_row or self._has_failed_mostly(now)):
            self._open(now)

    def _has_failed_mostly(self, now: float) -> bool:
        while self._sample and self._sample[0][0] < now - self._policy.window:
            self._sample.popleft()
        failures = sum(failed for _, failed in self._sample)
        size = len(self._sample)
        return size >= self._policy.least and failures >= self._policy.share * size

    def _record_probe(self, outcome: Outcome, now: float) -> None:
        self._is_probing = False
        if outcome is Outcome.ANSWERED:
            self._score += 1
            self._wait = self._policy.probe_every
            if self._score >= self._policy.to_close + self._relapses:
                self._close(now)
        elif outcome is Outcome.FAILED:
            self._score = max(self._score - 1, 0)
            self._wait = min(self._wait * 2, self._policy.longest_wait)
            self._next_probe_at = max(self._next_probe_at, now + self._wait)

    def _open(self, now: float) -> None:
        policy = self._policy
        is_relapse = now - self._closed_at <= policy.relapse
        self._relapses = min(self._relapses + 1, policy.most_relapses) if is_relapse else 0
        self._era += 1
        self._is_open, self._is_probing, self._score = True, False, 0
        self._wait = min(policy.probe_every * 2**self._relapses, policy.longest_wait)
        self._next_probe_at = now + self._wait

    def _close(self, now: float) -> None:
        self._era += 1
        self._is_open, self._row = False, 0
        self._sample.clear()
        self._closed_at = now
