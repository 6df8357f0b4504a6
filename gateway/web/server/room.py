"""How many connections a process holds; when it has too many, those that keep it waiting make room.

Descriptors are few, and databases and partners need some, too.  So clients get a part of them.
Whoever opens thousands of connections and says nothing, or too slowly, loses those; whoever asks
and is answered loses nothing, but may have to connect again.
"""

import resource
from collections.abc import Collection
from contextlib import suppress
from math import ceil
from typing import Any

import structlog

MOST = 16_000  # of one process; streams among them have a bound of their own
SHARE = 0.75  # of this process's descriptors
PATIENCE_SECONDS = 0.5  # in which nobody is let go: what was sent may be on its way
LOOK_SECONDS = 0.1  # from a look that found few to let go to the next
LOG_SECONDS = 10.0
_PART = 16  # of all: so many are let go by one look, for a look at thousands is not cheap

log = structlog.get_logger(__name__)


def take_descriptors() -> None:
    """Take as many descriptors as there is use for, and as this process and its children may have.

    Many systems give 1,024 to whoever does not ask for more; those who cannot count further are
    meant, which wait for descriptors by `select`.
    """
    given, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ceil(MOST / SHARE)
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    if given != resource.RLIM_INFINITY and given < wanted:
        with suppress(OSError, ValueError):  # macOS has a bound that it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


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
        self._freed = 0  # places that were made and are not taken yet
        self._next_look = self._next_log = 0.0

    def has_place(self, connections: Collection[Any], now: float) -> bool:
        """Return whether one more may come to these; let go of some, if need be.

        Those go first that have kept us waiting longest.  A connection tells since when by
        `waits_since`, None while it does not; one of another protocol has none.
        """
        excess = len(connections) + 1 - self._most
        if excess <= 0:
            self._freed = 0
            return True
        if not self._freed and now >= self._next_look:
            self._freed = self._make(connections, now)
        if not self._freed or excess > self._part:  # who was let go may not have gone yet
            return False
        self._freed -= 1
        return True

    def _make(self, connections: Collection[Any], now: float) -> int:
        """Let go of some; return how many."""
        waiting: list[tuple[float, int, Any]] = []
        for each in connections:
            since: float | None = getattr(each, "waits_since", None)
            if since is not None and now - since >= PATIENCE_SECONDS:
                waiting.append((since, id(each), each))
        leaving = sorted(waiting)[: self._part]
        for *_, each in leaving:
            each.let_go()
        if len(leaving) < self._part:
            self._next_look = now + LOOK_SECONDS
        if now >= self._next_log:
            self._next_log = now + LOG_SECONDS
            log.warning("connections.full", changed=len(leaving), amount=len(connections))
        return len(leaving)
