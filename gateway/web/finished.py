"""Answers as they are sent, but for the body, which is at hand once, and what each request has."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from starlette.types import Message

from gateway.execution.at_hand import Kept
from gateway.execution.buckets import Allowance
from gateway.execution.etags import to_weak
from gateway.execution.packing import Encoding, pack
from gateway.telemetry import CACHE_READS, GRAPHQL_REQUESTS, TALLIES
from gateway.telemetry.operations import Count
from gateway.telemetry.tallies import Tally
from gateway.web.asked import Header

_WHOLE = 2  # messages of an answer in one piece
_PER_REQUEST = frozenset({b"x-request-id", b"server-timing", b"ratelimit", b"ratelimit-policy"})
_OF_THE_BODY = frozenset({b"content-length", b"etag"})


@dataclass(frozen=True, slots=True)
class Sending:
    """How an answer is sent, whatever it says.

    What its head says of the body is left out, and told of the one that is sent.  `packing` is
    None for an answer without a body.
    """

    packing: str | None
    is_small: bool
    status: int
    head: bytes
    tells_tag: bool
    is_timed: bool
    tells_allowance: bool

    def body_of(self, kept: Kept) -> bytes | None:
        """Return the body to be sent, if it is at hand; None if its head may be another, too."""
        if self.packing is None:
            return None
        if kept.status != self.status or kept.is_small != self.is_small:
            return None
        return kept.body(self.packing)

    async def packed(self, kept: Kept) -> bytes | None:
        """Return the body to be sent, packed now if it must be."""
        if self.packing and self.packing not in kept.bodies:
            kept.pack(self.packing, await pack(kept.answer.body, Encoding(self.packing)))
        return self.body_of(kept)

    def headed(self, kept: Kept, body: bytes, own: bytes, seconds: float) -> bytes:
        """Return the lines of headers of an answer that took so long."""
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
        own = f"x-request-id: {request_id}\r\n"
        if allowance is not None and self.tells_allowance:
            for name, value in allowance.headers.items():
                own += f"{name.lower()}: {value}\r\n"
        return own.encode()


@dataclass(frozen=True, slots=True)
class Finished:
    """How the answer that is at hand under `key` is sent; one without a body is of `tag` alone."""

    key: str
    tag: str
    sending: Sending
    cost: int
    count: Count
    given: Tally

    @classmethod
    def of(cls, kept: Kept, sending: Sending, cost: int, count: Count) -> "Finished":
        """Return how what is kept is sent."""
        return cls(kept.key, kept.tag, sending, cost, count, _given(sending.status))

    def body_of(self, kept: Kept) -> bytes | None:
        """Return the body to be sent; None if its head may be another, too."""
        if self.sending.packing is None:
            return b"" if kept.tag == self.tag else None
        return self.sending.body_of(kept)

    def headed(self, kept: Kept, body: bytes, own: bytes, began: float) -> bytes:
        """Return the lines of headers of an answer that is given now, and count it."""
        seconds = time.perf_counter() - began
        self.count(seconds)
        self.given.add()
        return self.sending.headed(kept, body, own, seconds)


def to_sending(kept: Kept, sent: Sequence[Message]) -> Sending | None:
    """Return how an answer was sent; None if its body is not the one that is kept."""
    if len(sent) != _WHOLE:
        return None
    start, end = sent
    body: bytes = end.get("body", b"")
    packing = kept.packing_of(body)
    headers = dict[bytes, bytes](start["headers"])
    if body and (packing is None or headers.get(b"content-length") != b"%d" % len(body)):
        return None
    if len(headers) != len(start["headers"]):
        return None
    if b"etag" in headers and headers[b"etag"] != to_weak(kept.tag).encode():
        return None
    left_out = _PER_REQUEST | _OF_THE_BODY if body else _PER_REQUEST
    return Sending(
        packing,
        kept.is_small,
        start["status"],
        _lines((name, value) for name, value in headers.items() if name not in left_out),
        tells_tag=bool(body) and b"etag" in headers,
        is_timed=b"server-timing" in headers,
        tells_allowance=b"ratelimit" in headers,
    )


@cache
def answered(status: int) -> Tally:
    """Return what counts answers of a status: one for all of them."""
    return TALLIES.tally(GRAPHQL_REQUESTS.labels(status=status).inc)


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
