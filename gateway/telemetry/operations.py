"""Tells metrics, log and trace of GraphQL operations, each when it has ended."""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import structlog
from prometheus_client import Counter, Histogram

from gateway.telemetry.logs import tell
from gateway.telemetry.metrics import (
    CLIENT_COST,
    CLIENT_OPERATIONS,
    OPERATION_ERRORS,
    OPERATION_SECONDS,
    OPERATIONS,
    TALLIES,
)
from gateway.telemetry.observed import OTHER, Observed, to_client, to_operation
from gateway.telemetry.sums import Line, Said, Sums
from gateway.telemetry.traces import operation_span
from schema.errors import ErrorCode

NONE = "none"
CLIENT_HEADER = b"apollographql-client-name"
MOST_CODES = 5  # of one operation that a log line names
_OF_FEW_VALUES = ("kind", "status", "outcome")  # in lines that stand for all that are too many

Count = Callable[[float], None]  # takes the seconds that it took

log = structlog.get_logger(__name__)


class Observer(Protocol):
    """Who wants to know of operations: what transports ask for."""

    @contextmanager
    def operation(self, headers: Mapping[bytes, bytes]) -> Iterator[Observed]:
        """Give what the block writes into; it is told when the block ends."""


class Unobserved:
    """Implements `Observer`, and tells nobody."""

    @contextmanager
    def operation(self, headers: Mapping[bytes, bytes]) -> Iterator[Observed]:
        """See `Observer.operation`."""
        del headers
        yield Observed()


@dataclass(frozen=True, slots=True)
class Known:
    """The names that stand in metrics as they are: of manifests, settings and ours, so few."""

    operations: Collection[str] = frozenset()
    clients: Collection[str] = frozenset()
    codes: Collection[str] = frozenset(ErrorCode)  # of errors


class Operations:
    """Tells metrics, log and trace of every operation."""

    def __init__(
        self,
        known: Known | None = None,
        *,
        logged_share: float = 1.0,
        clock: Callable[[], float] = time.perf_counter,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """Make it; `logged_share` of the operations that go well are logged, of others all."""
        self._known = known or Known()
        self._logged_share = logged_share
        self._clock = clock
        self._dice = dice
        self._again = Sums(_tell_again)

    @contextmanager
    def operation(self, headers: Mapping[bytes, bytes]) -> Iterator[Observed]:
        """See `Observer.operation`."""
        seen = Observed(client=to_client(headers.get(CLIENT_HEADER)))
        started = self._clock()
        with operation_span(headers) as span:
            try:
                yield seen
            finally:
                seconds = self._clock() - started
                self._count(seen, seconds)
                self._log(seen, seconds)
                span.tell(seen)

    def counting(self, seen: Observed) -> Count:
        """Return what counts one more operation that goes as `seen` went.

        Counters hear of those when they are read, and the log tells of them together.
        """
        told = _told(seen)
        if seen.codes:
            told["codes"] = tuple(seen.codes[:MOST_CODES])  # so that equal lines can be found
        few = {name: told[name] for name in _OF_FEW_VALUES if name in told}
        line = Line(tuple(told.items()), tuple({"operation": OTHER, **few}.items()))
        add, observe = TALLIES.tally(self._counter(seen)).add, self._waited(seen).observe
        is_logged, add_line = self._logged_share > 0, self._again.add

        def count(seconds: float) -> None:
            add()
            observe(seconds)
            if is_logged:
                add_line(line)

        return count

    def _count(self, seen: Observed, seconds: float) -> None:
        self._counter(seen)(1)
        self._waited(seen).observe(seconds)

    def _waited(self, seen: Observed) -> Histogram:
        return _waited(_label(seen.name, self._known.operations), seen.kind or NONE)

    def _counter(self, seen: Observed) -> Callable[[int], None]:
        """Return what counts so many operations that went as `seen` went."""
        known = self._known
        name, client = _label(seen.name, known.operations), _label(seen.client, known.clients)
        operations, clients, spent = _meters(name, seen.kind or NONE, client, seen.outcome)
        cost = seen.cost or 0
        errors = [
            OPERATION_ERRORS.labels(name, code if code in known.codes else OTHER)
            for code in seen.codes
        ]

        def count(times: int) -> None:
            operations.inc(times)
            clients.inc(times)
            if cost:
                spent.inc(cost * times)
            for error in errors:
                error.inc(times)

        return count

    def _log(self, seen: Observed, seconds: float) -> None:
        share = self._logged_share
        if not share or (seen.outcome == "ok" and share < 1 and self._dice() >= share):
            return
        told = _told(seen) | {"milliseconds": round(seconds * 1000, 2)}
        tell(log, "graphql.answered", told)


def _told(seen: Observed) -> dict[str, object]:
    """Return what the log tells of an operation, but for its time."""
    told = {
        "operation": to_operation(seen.name),
        "kind": seen.kind,
        "client": seen.client,
        "status": seen.status,
        "outcome": seen.outcome,
        "codes": list(seen.codes[:MOST_CODES]) or None,
        "cost": seen.cost,
    }
    return {name: value for name, value in told.items() if value is not None}


def _tell_again(line: Said, times: int) -> None:
    log.info("graphql.answered_again", **dict(line), times=times)


@lru_cache(maxsize=4_096)  # finding them by their labels takes longer than counting
def _meters(name: str, kind: str, client: str, outcome: str) -> tuple[Counter, Counter, Counter]:
    return (
        OPERATIONS.labels(name, kind, outcome),
        CLIENT_OPERATIONS.labels(client, outcome),
        CLIENT_COST.labels(client),
    )


@lru_cache(maxsize=4_096)
def _waited(name: str, kind: str) -> Histogram:
    return OPERATION_SECONDS.labels(name, kind)


def _label(name: str | None, known: Collection[str]) -> str:
    if name is None:
        return NONE
    return name if name in known else OTHER
