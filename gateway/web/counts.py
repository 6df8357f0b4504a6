"""What counts operations that go as others went: one for all of them, made once."""

from collections.abc import Callable
from dataclasses import replace

from gateway.execution.remembered import Remembered
from gateway.telemetry.observed import Observed
from gateway.telemetry.operations import Count

_MOST = 1_000


class Counts:
    """Finds the counts that `counting` makes of what was seen."""

    def __init__(self, counting: Callable[[Observed], Count]) -> None:
        self._counting = counting
        self._known = Remembered[Count](most=_MOST, most_size=_MOST)

    def of(self, seen: Observed, cost: int | None) -> Count:
        """Return what counts operations that went as the one `seen`, at this cost."""
        told = seen.client, seen.name, seen.kind, seen.status, seen.outcome, cost
        key = *told, *seen.codes
        count = self._known.get(key)
        if count is None:
            count = self._counting(replace(seen, cost=cost))
            self._known.keep(key, count, 1)
        return count
