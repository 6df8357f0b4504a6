"""What Sekolah.mu's `errors` mean, which come with HTTP 200 (docs/partners/sekolahmu.md).

Pure.  An error whose path leads into one edge is that course's; any other, and any when
no course could be resolved at all, is the whole answer's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.errors import (
    CursorExpiredError,
    PartnerAccessError,
    PartnerError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.http import LONGEST_WAIT_SECONDS
from adapters.parsing import Record

FAULTS = frozenset({"INTERNAL", "UNAVAILABLE", "TIMEOUT"})
NO_ENTRY = frozenset({"UNAUTHENTICATED", "FORBIDDEN"})


def raise_for_errors(body: Any, partner: str) -> None:
    """Raise what the first error about the whole answer means; do nothing without one."""
    is_empty = not _has_node(body)
    for error in _errors(body):
        if is_empty or _edge(error) is None:
            raise to_error(error, partner)


def raise_first_error(body: Any, partner: str) -> None:
    """Raise what the first error means; do nothing without one."""
    for error in _errors(body):
        raise to_error(error, partner)


def to_edge_errors(body: Any) -> dict[int, str]:
    """Return why edges have no node: their positions (from 0) and the errors' messages."""
    found = ((_edge(error), error) for error in _errors(body))
    return {edge: str(error.get("message")) for edge, error in found if edge is not None}


def to_error(error: Record, partner: str) -> PartnerError:
    """Translate one GraphQL error by its `extensions.code`."""
    told = error.get("extensions")
    extensions: Record = told if isinstance(told, Mapping) else {}
    code = str(extensions.get("code") or "")[:60]
    reason = f"answered with code {code!r}" if code else "answered with an error without a code"
    if code == "RATE_LIMITED":
        return PartnerThrottledError(partner, retry_after=_wait(extensions.get("retryAfter")))
    if code in FAULTS:
        return PartnerUnavailableError(partner, reason)
    if code == "INVALID_CURSOR":
        return CursorExpiredError(partner, reason)
    if code in NO_ENTRY:
        return PartnerAccessError(partner, reason, code=code)
    return PartnerRefusedError(partner, reason, code=code or None)


def _errors(body: Any) -> Iterator[Record]:
    found = body.get("errors") if isinstance(body, Mapping) else None
    for error in found if isinstance(found, list) else ():
        yield error if isinstance(error, Mapping) else {}


def _edge(error: Record) -> int | None:
    match error.get("path"):
        case ["courses", "edges", int(position), *_]:
            return position
    return None


def _has_node(body: Any) -> bool:
    match body:
        case {"data": {"courses": {"edges": [*edges]}}}:
            return any(isinstance(edge, Mapping) and edge.get("node") for edge in edges)
    return False


def _wait(seconds: Any) -> float | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    return min(max(float(seconds), 0.0), LONGEST_WAIT_SECONDS)
