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

from gateway.telemetry.metrics import (
    CLIENT_COST,
    CLIENT_OPERATIONS,
    OPERATION_ERRORS,
    OPERATION_SECONDS,
    OPERATIONS,
)
from gateway.telemetry.observed import OTHER, Observed, to_client, to_operation
from gateway.telemetry.sums import Said, Sums
from gateway.telemetry.traces import operation_span
from gateway.web.refusals import EnvelopeCode
from schema.errors import ErrorCode

NONE = "none"
CLIENT_HEADER = b"apollographql-client-name"
MOST_CODES = 5  # of one operation that a log line names
_CODES = frozenset({*ErrorCode, *EnvelopeCode.__members__})

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
    """The names that stand in metrics as they are: of manifests and settings, so they are few."""

    operations: Collection[str] = frozenset()
    clients: Collection[str] = frozenset()


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
                self._counter(seen)(seconds)
                self._log(seen, seconds)
                span.tell(seen)

    def counting(self, seen: Observed) -> Count:
        """Return what counts one more operation that goes as `seen` went.

        The log tells of those together, once a second.
        """
        count, line = self._counter(seen), tuple(_told(seen).items())
        others = tuple({**dict(line), "operation": OTHER}.items())

        def count_and_add(seconds: float) -> None:
            count(seconds)
            if self._logged_share:
                self._again.add(line, others)

        return count_and_add

    def _counter(self, seen: Observed) -> Count:
        """Return what metrics do with an operation, once its seconds are known."""
        known = self._known
        name, client = _label(seen.name, known.operations), _label(seen.client, known.clients)
        operations, waited, clients = _meters(name, seen.kind or NONE, client, seen.outcome)
        cost = seen.cost or 0
        codes = [code if code in _CODES else OTHER for code in seen.codes]

        def count(seconds: float) -> None:
            operations.inc()
            waited.observe(seconds)
            clients.inc()
            if cost:
                _spent(client).inc(cost)
            for code in codes:
                OPERATION_ERRORS.labels(name, code).inc()

        return count

    def _log(self, seen: Observed, seconds: float) -> None:
        share = self._logged_share
        if not share or (seen.outcome == "ok" and share < 1 and self._dice() >= share):
            return
        told = _told(seen) | {"milliseconds": round(seconds * 1000, 2)}
        log.info("graphql.answered", **told)


def _told(seen: Observed) -> dict[str, object]:
    """Return what the log tells of an operation, but for its time."""
    told = {
        "operation": to_operation(seen.name),
        "kind": seen.kind,
        "client": seen.client,
        "status": seen.status,
        "outcome": seen.outcome,
        "codes": tuple(seen.codes[:MOST_CODES]) or None,
        "cost": seen.cost,
    }
    return {name: value for name, value in told.items() if value is not None}


def _tell_again(line: Said, times: int) -> None:
    log.info("graphql.answered_again", **dict(line), times=times)


@lru_cache(maxsize=4_096)  # finding them by their labels takes longer than counting
def _meters(name: str, kind: str, client: str, outcome: str) -> tuple[Counter, Histogram, Counter]:
    return (
        OPERATIONS.labels(name, kind, outcome),
        OPERATION_SECONDS.labels(name, kind),
        CLIENT_OPERATIONS.labels(client, outcome),
    )


@lru_cache(maxsize=1_024)
def _spent(client: str) -> Counter:
    return CLIENT_COST.labels(client)


def _label(name: str | None, known: Collection[str]) -> str:
    if name is None:
        return NONE
    return name if name in known else OTHER
