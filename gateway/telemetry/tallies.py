"""Counting what happens too often to tell it to several counters each time.

A tally is a plain number; counters are told what has come together when anybody reads them.
"""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Metric

MOST_WAITING = 10_000  # tallies that have something to tell, if nobody reads


class Tallies:
    """The tallies that have something to tell."""

    def __init__(self) -> None:
        self._waiting: list[Tally] = []

    def tally(self, tell: Callable[[int], None]) -> "Tally":
        """Return a tally; `tell` takes how often it happened since it was called last."""
        return Tally(self, tell)

    def by_outcome(self, counter: Counter, *labels: str) -> Callable[[str], None]:
        """Return what counts each outcome, the last label of a counter."""
        tallies: dict[str, Tally] = {}

        def count(outcome: str) -> None:
            tally = tallies.get(outcome)
            if tally is None:
                tally = tallies[outcome] = self.tally(counter.labels(*labels, outcome).inc)
            tally.add()

        return count

    def settle(self) -> None:
        """Have every tally tell."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.settle()

    def add(self, tally: "Tally") -> None:
        """Remember that a tally has something to tell."""
        self._waiting.append(tally)
        if len(self._waiting) >= MOST_WAITING:
            self.settle()


class Tally:
    """How often one thing happened; used from one event loop."""

    __slots__ = ("_tallies", "_tell", "_times")

    def __init__(self, tallies: Tallies, tell: Callable[[int], None]) -> None:
        self._tallies = tallies
        self._tell = tell
        self._times = 0

    def add(self) -> None:
        """Count once more."""
        self._times += 1
        if self._times == 1:
            self._tallies.add(self)

    def settle(self) -> None:
        """Tell what was counted."""
        times, self._times = self._times, 0
        self._tell(times)


class SettlingRegistry(CollectorRegistry):
    """A registry whose readers see what tallies have counted, too."""

    def __init__(self, tallies: Tallies) -> None:
        super().__init__()
        self._tallies = tallies

    def collect(self) -> Iterable[Metric]:
        """Give every metric as it stands."""
        self._tallies.settle()
        return super().collect()
