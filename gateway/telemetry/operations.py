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
from gateway.telemetry.traces import operation_span
from gateway.web.refusals import EnvelopeCode
from schema.errors import ErrorCode

NONE = "none"
CLIENT_HEADER = b"apollographql-client-name"
MOST_CODES = 5  # of one operation that a log line names
_CODES = frozenset({*ErrorCode, *EnvelopeCode.__members__})

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

    def _count(self, seen: Observed, seconds: float) -> None:
        known, outcome = self._known, seen.outcome
        name, client = _label(seen.name, known.operations), _label(seen.client, known.clients)
        kind = seen.kind or NONE
        operations, waited, clients = _meters(name, kind, client, outcome)
        operations.inc()
        waited.observe(seconds)
        clients.inc()
        if seen.cost:
            CLIENT_COST.labels(client).inc(seen.cost)
        for code in seen.codes:
            OPERATION_ERRORS.labels(name, code if code in _CODES else OTHER).inc()

    def _log(self, seen: Observed, seconds: float) -> None:
        share, outcome = self._logged_share, seen.outcome
        if not share or (outcome == "ok" and share < 1 and self._dice() >= share):
            return
        told = {
            "operation": to_operation(seen.name),
            "kind": seen.kind,
            "client": seen.client,
            "status": seen.status,
            "outcome": outcome,
            "codes": list(seen.codes[:MOST_CODES]) or None,
            "milliseconds": round(seconds * 1000, 2),
            "cost": seen.cost,
        }
        known = {name: value for name, value in told.items() if value is not None}
        log.info("graphql.answered", **known)


@lru_cache(maxsize=4_096)  # finding them by their labels takes longer than counting
def _meters(name: str, kind: str, client: str, outcome: str) -> tuple[Counter, Histogram, Counter]:
    return (
        OPERATIONS.labels(name, kind, outcome),
        OPERATION_SECONDS.labels(name, kind),
        CLIENT_OPERATIONS.labels(client, outcome),
    )


def _label(name: str | None, known: Collection[str]) -> str:
    if name is None:
        return NONE
    return name if name in known else OTHER
