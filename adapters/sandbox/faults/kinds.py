"""What a fault is, what it may do with a request, and what must come of it."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web

from adapters.sandbox.faults.anatomy import Anatomy
from adapters.sandbox.faults.outcomes import Expected
from adapters.sandbox.shelf import Rows


class Asked(StrEnum):
    """What a request to a partner is about."""

    READING = "reading"  # its list
    ENROLLING = "enrolling"  # whatever is written
    LOOKING_UP = "looking_up"  # what became of an enrolment; what was booked on a day
    SIGNING_IN = "signing_in"  # an access token


EVERYTHING = frozenset(Asked)


Answer = Callable[[], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that a fault strikes.

    `answer` lets the partner answer, with all effects; `showing` makes it show other rows
    meanwhile.  `memory` is the fault's own, from when it was set until it is cleared.
    """

    request: web.Request
    asked: Asked
    answer: Answer
    seconds: float
    rows: Rows
    showing: Callable[[Rows], AbstractContextManager[None]]
    anatomy: Anatomy | None
    memory: dict[str, Any]


Act = Callable[[Exchange], Awaitable[web.StreamResponse]]


class Port(StrEnum):
    """What a fault may do to the port itself, before any request."""

    CLOSED = "closed"
    TLS_EXPIRED = "tls_expired"
    TLS_WRONG_HOST = "tls_wrong_host"
    TLS_UNKNOWN_AUTHORITY = "tls_unknown_authority"
    TLS_OLD = "tls_old"
    TLS_GOOD = "tls_good"  # for comparison: nothing is wrong with it


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave, and what must come of it wherever it applies.

    `page`, `whole` and `booking` say what must come of reading one page, of reading the
    whole list, and of enrolling; None where it does not apply.  `unlike` names the partners
    for which something else must come of reading, or nothing ("": it does not apply).
    `seconds` is its usual time, of faults that have one.
    """

    id: str
    name: str
    does: str
    act: Act | None = None
    port: Port | None = None
    page: Expected | None = None
    whole: Expected | None = None
    booking: Expected | None = None
    unlike: Mapping[str, Expected | None] = field(default_factory=dict)
    unlike_booking: Mapping[str, Expected | None] = field(default_factory=dict)
    seconds: float = 0.5
    times: int | None = None
    is_slow: bool = False  # only the deadline ends it
    host: str | None = None  # what the partner's address must be changed to, to meet it

    def reading(self, partner: str) -> Expected | None:
        """Return what must come of reading at this partner: its page, or its whole list."""
        return self.unlike.get(partner, self.page or self.whole)

    def enrolling(self, partner: str) -> Expected | None:
        """Return what must come of enrolling at this partner."""
        return self.unlike_booking.get(partner, self.booking)

    def address(self, usual: str) -> str:
        """Return where a partner is to be called to meet the fault, by its usual address."""
        if self.host is not None:
            return self.host
        speaks_tls = self.port is not None and self.port is not Port.CLOSED
        return usual.replace("http://", "https://", 1) if speaks_tls else usual
