"""How many connections a process holds: when it has too many, those that wait make room.

Descriptors are few, and databases and partners need some, too.  So clients get a part of them, and
whoever opens thousands of connections to say nothing loses those; nobody loses a request.
"""

import heapq
import resource
from collections.abc import Collection
from typing import Any

import structlog

MOST = 16_000  # of one process; streams among them have a bound of their own
SHARE = 0.75  # of this process's descriptors
LOOK_SECONDS = 1.0  # from one look at all of them to the next
_PART = 16  # of all: so much room is made by one look, and so many more may come until the next

log = structlog.get_logger(__name__)


def most_connections() -> int:
    """Return for how many connections this process has room."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MOST
    return min(MOST, int(descriptors * SHARE))


class Room:
    """Room for so many connections."""

    def __init__(self, most: int | None = None) -> None:
        """Make it; without a number, as this process has it."""
        self._most = most_connections() if most is None else most
        self._part = self._most // _PART + 1
        self._next_look = 0.0

    def has_place(self, connections: Collection[Any], now: float) -> bool:
        """Return whether one more may come to these; let go of some that wait, if need be.

        Those go first that have waited longest.  A connection tells since when it waits for a
        request by `waits_since`; one of another protocol has none, and never waits.
        """
        excess = len(connections) + 1 - self._most
        if excess <= 0:
            return True
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            self._make(connections)
        return excess <= self._part

    def _make(self, connections: Collection[Any]) -> None:
        waiting: list[tuple[float, int, Any]] = []
        for each in connections:
            since: float | None = getattr(each, "waits_since", None)
            if since is not None:
                waiting.append((since, id(each), each))
        leaving = heapq.nsmallest(self._part, waiting)
        for *_, each in leaving:
            each.let_go()
        log.warning("connections.full", changed=len(leaving), amount=len(connections))
