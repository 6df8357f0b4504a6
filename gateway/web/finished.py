"""Answers as they are sent, but for the body, which is at hand once, and what each request has."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from starlette.types import Message

from gateway.execution.at_hand import Kept
from gateway.execution.buckets import Allowance
from gateway.telemetry import CACHE_READS, GRAPHQL_REQUESTS, TALLIES
from gateway.telemetry.operations import Count
from gateway.telemetry.tallies import Tally
from gateway.web.asked import Header
from gateway.web.etags import to_weak

_WHOLE = 2  # messages of an answer in one piece
_PER_REQUEST = frozenset({b"x-request-id", b"server-timing", b"ratelimit", b"ratelimit-policy"})
_OF_THE_BODY = frozenset({b"content-length", b"etag"})


@dataclass(frozen=True, slots=True)
class Finished:
    """What is sent with the body that is at hand under `key`.

    What its head says of the body is left out, and told of the one that is sent.  `packing` is
    None for an answer without a body; it belongs to `tag` alone.
    """

    key: str
    tag: str
    packing: str | None
    is_small: bool
    status: int
    head: bytes
    cost: int
    tells_tag: bool
    is_timed: bool
    tells_allowance: bool
    count: Count
    given: Tally

    def body_of(self, kept: Kept) -> bytes | None:
        """Return the body to be sent; None if its head may be another, too."""
        if self.packing is None:
            return b"" if kept.tag == self.tag else None
        if kept.status != self.status or kept.is_small != self.is_small:
            return None
        return kept.body(self.packing)

    def headed(self, kept: Kept, body: bytes, own: bytes, began: float) -> bytes:
        """Return the lines of headers of an answer that is given now, and count it."""
        seconds = time.perf_counter() - began
        self.count(seconds)
        self.given.add()
        told = [self.head, own]
        if self.packing is not None:
            told.append(b"content-length: %d\r\n" % len(body))
        if self.tells_tag:
            told.append(b"etag: %b\r\n" % to_weak(kept.tag).encode())
        if self.is_timed:
            told.append(b"server-timing: total;dur=%.2f\r\n" % (seconds * 1000))
        return b"".join(told)

    def own_lines(self, request_id: str, allowance: Allowance | None) -> bytes:
        """Return the lines of headers that are one request's own."""
        own = b"x-request-id: %b\r\n" % request_id.encode()
        if allowance is not None and self.tells_allowance:
            told = allowance.headers.items()
            own += _lines((name.lower().encode(), value.encode()) for name, value in told)
        return own


def to_finished(
    kept: Kept, sent: Sequence[Message], cost: int | None, count: Count
) -> Finished | None:
    """Return what was sent, to be given again; None if its body is not the one that is kept."""
    if len(sent) != _WHOLE:
        return None
    start, end = sent
    body: bytes = end.get("body", b"")
    packing = kept.packing_of(body)
    headers = dict[bytes, bytes](start["headers"])
    tag = to_weak(kept.tag).encode()
    if body and (packing is None or headers.get(b"content-length") != b"%d" % len(body)):
        return None
    if headers.get(b"etag", tag) != tag or len(headers) != len(start["headers"]):
        return None
    left_out = _PER_REQUEST | _OF_THE_BODY if body else _PER_REQUEST
    return Finished(
        kept.key,
        kept.tag,
        packing,
        kept.is_small,
        start["status"],
        _lines((name, value) for name, value in headers.items() if name not in left_out),
        cost or 0,
        tells_tag=bool(body) and b"etag" in headers,
        is_timed=b"server-timing" in headers,
        tells_allowance=b"ratelimit" in headers,
        count=count,
        given=_given(start["status"]),
    )


@cache
def _given(status: int) -> Tally:
    """Return what counts answers of a status that are given again: one for all of them."""
    by_status = GRAPHQL_REQUESTS.labels(status=status)
    finished = CACHE_READS.labels("answers", "finished")

    def count(times: int) -> None:
        by_status.inc(times)
        finished.inc(times)

    return TALLIES.tally(count)


def _lines(headers: Iterable[Header]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)
