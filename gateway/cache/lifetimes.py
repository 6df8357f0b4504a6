"""How long a remembered value may be served, and as what.  Pure: clock and dice are passed in.

An entry says itself when its value was made and how long it holds, so that every level and
every process judges it alike; ages are by the wall clock, which processes share.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

FORMAT = 1  # of an entry as bytes: a program that knows another takes ours for a miss
SPREAD = 0.2  # of its fresh time that an entry may lose: what was made together ends apart
CLOCK_SKEW = 5.0  # seconds that another machine's clock may be ahead of ours
_HEADER = struct.Struct("!2sBdIII")  # mark, format, when made, and the three times
_MARK = b"ME"
_LONGEST = 2**32 - 1  # milliseconds


class Standing(StrEnum):
    """As what an entry may be served."""

    FRESH = "fresh"  # at once
    STALE = "stale"  # at once, while it is made anew
    LAST_KNOWN = "last_known"  # when it cannot be made anew
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How many seconds a value is fresh, then stale, then still the last that is known."""

    fresh: float
    stale: float = 0.0
    last_known: float = 0.0

    @property
    def total(self) -> float:
        """When it is gone."""
        return self.fresh + self.stale + self.last_known

    def jittered(self, dice: Callable[[], float]) -> "Lifetime":
        """Return the same with up to a fifth less freshness: a promise is never overrun."""
        fresh = self.fresh * (1 - SPREAD * dice())
        return Lifetime(fresh, self.stale, self.last_known)


@dataclass(frozen=True, slots=True)
class Entry:
    """A value, when it was made (seconds since the epoch), and for how long it holds."""

    value: bytes
    made_at: float
    lifetime: Lifetime

    def standing(self, now: float) -> Standing:
        """Return as what it may be served; one from the future is not believed."""
        age = now - self.made_at
        lifetime = self.lifetime
        if age < -CLOCK_SKEW or age >= lifetime.total:
            return Standing.GONE
        if age < lifetime.fresh:
            return Standing.FRESH
        return Standing.STALE if age < lifetime.fresh + lifetime.stale else Standing.LAST_KNOWN

    def seconds_left(self, now: float) -> float:
        """Return for how long it is of any use."""
        return min(self.made_at + self.lifetime.total - now, self.lifetime.total)


def to_bytes(entry: Entry) -> bytes:
    """Return an entry as every level keeps it."""
    lifetime = entry.lifetime
    times = (lifetime.fresh, lifetime.stale, lifetime.last_known)
    return _HEADER.pack(_MARK, FORMAT, entry.made_at, *map(_milliseconds, times)) + entry.value


def from_bytes(kept: bytes | None) -> Entry | None:
    """Return an entry; None for what is none of this format."""
    if kept is None or len(kept) < _HEADER.size:
        return None
    mark, version, made_at, *times = _HEADER.unpack_from(kept)
    if mark != _MARK or version != FORMAT:
        return None
    lifetime = Lifetime(*(each / 1000 for each in times))
    return Entry(kept[_HEADER.size :], made_at, lifetime)


def _milliseconds(seconds: float) -> int:
    return min(max(round(seconds * 1000), 0), _LONGEST)
