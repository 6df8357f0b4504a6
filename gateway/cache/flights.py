"""Keys that are read on the same terms, and are made anew together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.cache.lifetimes import Entry, Lifetime

Loaded = Mapping[str, bytes]
LoadAll = Callable[[Sequence[str]], Awaitable[Loaded]]
Futures = Mapping[str, "asyncio.Future[Entry]"]


class NotMadeError(LookupError):
    """A value was not made: its load left it out, or another process failed or took too long."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms keys are read.

    Refreshes of one `lane` share its places: one slow source holds up no other's, and a load
    must not read through its own lane.  Readers wait for a refresh for `patience` seconds, if it
    is given, before they take the last that is known; a refresh waits for another process's for
    `others` seconds before it makes a value of which nothing is known itself.
    """

    lifetime: Lifetime
    tags: tuple[str, ...] = ()
    lane: str = ""
    patience: float | None = None
    others: float = 1.0


@dataclass(frozen=True, slots=True)
class Flight:
    """One refresh of several keys; `known` are those of which an old value may be served."""

    futures: Futures
    load: LoadAll
    terms: Terms
    known: set[str] = field(default_factory=set)

    def pending(self) -> list[str]:
        """Return the keys that nobody has settled yet."""
        return [key for key, future in self.futures.items() if not future.done()]

    def settle(self, key: str, outcome: Entry | Exception) -> None:
        """Tell those who wait for a key what has become of it."""
        future = self.futures[key]
        if future.done():
            return
        if isinstance(outcome, Entry):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)
            future.exception()  # seen, even when every reader has gone

    def give_up(self, keys: Sequence[str]) -> list[str]:
        """Leave the known among `keys` as they are, and return the others: they must be made."""
        for key in keys:
            if key in self.known:
                self.settle(key, NotMadeError(key))
        return [key for key in keys if key not in self.known]
