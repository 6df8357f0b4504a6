"""A finished answer, and the promise for how long it may be given again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from importlib.metadata import version
from typing import Protocol

import msgspec

from gateway.execution.etags import etag_of

VERSION = 4  # of `Answer` as it stands in a shared cache


class Answer(msgspec.Struct, array_like=True, frozen=True, dict=True):
    """A finished answer; it holds no value of one request."""

    status: int
    body: bytes
    codes: tuple[str, ...] = ()  # of its errors
    until: float = 0.0  # in seconds since the epoch; 0 if it is for now alone

    @cached_property
    def tag(self) -> str:
        """Its ETag: equal bodies have equal ones.  Made when it is wanted, as few want it."""
        return etag_of(self.body)


Make = Callable[[], Awaitable[Answer]]


@dataclass(slots=True)
class Remake:
    """What makes an answer anew, without the request that asked for it; it holds `size` bytes."""

    make: Make
    size: int


def to_edition(*parts: object) -> str:
    """Return the name of all that answers are made of and that only a new start changes."""
    told = "\0".join([version("mitra-gateway"), *map(repr, parts)])
    return blake2b(told.encode(), digest_size=6).hexdigest()


class State(Protocol):
    """What public answers are made of, as it stands in this process."""

    def name(self, *, with_partners: bool) -> str:
        """Return what changes with the catalogue, and if wanted with how any partner stands."""

    def was_lately(self, name: str) -> bool:
        """Return whether it had this name just before, and nothing that it showed has gone."""

    def partners_hold_until(self) -> float:
        """Return when partners will stand otherwise though nothing happens; it may be `inf`."""


@dataclass(slots=True)
class Promise:
    """As long as it holds, the same question is answered the same.  It is never changed."""

    state: State
    name: str
    with_partners: bool
    until: float
    clock: Callable[[], float]

    def holds(self) -> bool:
        """Return whether nothing can have changed."""
        is_so = self.clock() < self.until
        return is_so and self.state.name(with_partners=self.with_partners) == self.name

    def is_tolerable(self) -> bool:
        """Return whether the answer may still be given while it is made anew."""
        return self.clock() < self.until and self.state.was_lately(self.name)

    def ending(self, until: float) -> "Promise":
        """Return one that ends then."""
        return self if until == self.until else replace(self, until=until)
