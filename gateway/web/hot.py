"""The hot path: what was answered once is answered again by one look and one write.

A layer around everything that answers.  It watches what the ordinary path says to public
questions, keeps it as it was sent, and gives it to the next who send the same, as long as the
promise holds that came with it.  Whatever the ordinary path looks at is part of what must be the
same: method, address, body and all headers but those known to say nothing.  So the two say the
same, and nothing of GraphQL is told a second time here.  What is each request's own is done for
each: whose token it is, what it costs, its id, its time, and that it is counted.

Whatever is unusual takes the ordinary path: a body that has not wholly come, a token that is not
good, a budget that is spent, a process that is about to stop, a client that does not read.
"""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.draining import Draining
from gateway.execution.answers import Promise
from gateway.execution.buckets import Allowance
from gateway.execution.budgets import Budgets
from gateway.execution.refusals import RefusedError
from gateway.execution.remembered import Remembered
from gateway.telemetry import CACHE_READS, GRAPHQL_REQUESTS, TALLIES
from gateway.telemetry.observed import Observed
from gateway.telemetry.operations import Count
from gateway.telemetry.tallies import Tally
from gateway.telemetry.traces import is_tracing
from gateway.web.bodies import WHOLE
from gateway.web.exchange import promise_of
from gateway.web.observing import observed
from gateway.web.outermost import to_request_id
from gateway.web.paying import payer_at, payer_of
from gateway.web.server.door import Door, put_shortcut, take_door
from schema.model.viewer import ANONYMOUS, Viewer
from schema.redaction import random_id

KEPT_BYTES = 36 * 2**20
SENT_BYTES = 8 * 2**20
MOST_MADE_ANEW = 2  # at a time, while others may be given what was there before
_MOST_KEPT = 20_000
_WHOLE = 2  # messages of an answer in one piece
_OVERHEAD = 1_500  # bytes of bookkeeping per answer, roughly
_PER_REQUEST = frozenset({b"x-request-id", b"server-timing", b"ratelimit", b"ratelimit-policy"})
# Of these nothing that answers public questions reads anything, or it is done for each request.
_UNREAD = frozenset(
    f"{prefix}{name}".encode()
    for prefix, names in {
        "": "accept-language cache-control connection content-length cookie dnt forwarded host "
        "keep-alive pragma priority referer save-data te traceparent tracestate user-agent via",
        "sec-": "ch-ua ch-ua-mobile ch-ua-platform fetch-dest fetch-user gpc",
        "x-": "forwarded-for forwarded-host forwarded-port forwarded-proto real-ip request-id",
    }.items()
    for name in names.split()
)
# With one of these more is to be done than to look at the bytes, or they hardly come again.
_OF_ONE_REQUEST = frozenset(
    {b"authorization", b"x-request-id", b"traceparent", b"x-forwarded-for", b"x-forwarded-proto"}
)

Asked = tuple[str | bytes | tuple[bytes, bytes], ...]  # all that must be the same
Header = tuple[bytes, bytes]
Identify = Callable[[str | None], Awaitable[Viewer]]


@dataclass(frozen=True, slots=True)
class Finished:
    """An answer as it is sent, but for what is each request's own."""

    promise: Promise
    status: int
    head: bytes
    body: bytes
    cost: int
    is_timed: bool
    tells_allowance: bool
    count: Count
    given: Tally

    def headed(self, own: bytes, began: float) -> bytes:
        """Return the lines of headers of an answer that is given now, and count it."""
        seconds = time.perf_counter() - began
        self.count(seconds)
        self.given.add()
        timing = b"server-timing: total;dur=%.2f\r\n" % (seconds * 1000) if self.is_timed else b""
        return b"".join((self.head, own, timing))


class HotPath:
    """An ASGI layer that answers at `paths` what it has at hand, and leaves the rest to `app`.

    `counting(seen)` returns what counts one more request that is answered as `seen` was.  To a
    server that has a door it is the `Shortcut`, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        paths: Sequence[str],
        identify: Identify,
        budgets: Budgets,
        counting: Callable[[Observed], Count],
        draining: Draining,
    ) -> None:
        self._app = app
        self._paths = frozenset(paths)
        self._identify = identify
        self._budgets = budgets
        self._counting = counting
        self._draining = draining
        self._kept = Remembered[Finished](most=_MOST_KEPT, most_size=KEPT_BYTES)
        self._made_anew = 0  # just now
        self._sent = Remembered[Asked](most=_MOST_KEPT, most_size=SENT_BYTES)

    @property
    def size(self) -> int:
        """Bytes of what is kept, roughly."""
        return self._kept.size + self._sent.size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.perf_counter()
        if scope["type"] == "lifespan":
            put_shortcut(scope, self)
        door = self._door(scope)
        body = door.body() if door else None
        if door is not None and body is None and await door.is_whole_soon():
            body = door.body()
        if body is not None:
            scope[WHOLE] = body
        asked, authorization = (None, None) if body is None else _read(scope, body)
        if door is None or asked is None:
            await self._app(scope, receive, send)
            return
        finished = self._finished(asked)
        if finished is not None and door.is_free():
            own = await self._own(finished, scope, authorization)
            if own is not None:
                door.answer(finished.status, finished.headed(own, began), finished.body)
                self._learn(door, asked, scope)
                return
        is_made_anew = self._kept.get(asked) is not None
        self._made_anew += is_made_anew
        try:
            if await self._watch(asked, scope, receive, send):
                self._learn(door, asked, scope)
        finally:
            self._made_anew -= is_made_anew

    def find(self, sent: bytes, host: str | None) -> tuple[int, bytes, bytes] | None:
        """See `Shortcut.find`."""
        began = time.perf_counter()
        asked = self._sent.get(sent)
        finished = self._finished(asked) if asked is not None else None
        if finished is None or self._draining.is_draining:
            return None
        try:
            allowance = self._budgets.pay_at_once(payer_at(host), finished.cost)
        except RefusedError:
            return None
        own = _own_lines(random_id(16), finished, allowance)
        return finished.status, finished.headed(own, began), finished.body

    def _learn(self, door: Door, asked: Asked, scope: Scope) -> None:
        """Remember what the bytes of a request ask, if they may be the same another time."""
        if door.sent is None or not door.is_kept_open() or not self._budgets.pays_at_once:
            return
        if _OF_ONE_REQUEST.isdisjoint(name for name, _ in scope["headers"]):
            self._sent.keep(door.sent, asked, _OVERHEAD + len(door.sent) + _size_of(asked))

    def _finished(self, asked: Asked) -> Finished | None:
        """Return what may be given; a new revision has few made anew at a time, not all at once."""
        finished = self._kept.get(asked)
        if finished is None or finished.promise.holds():
            return finished
        is_busy = self._made_anew >= MOST_MADE_ANEW
        return finished if is_busy and finished.promise.is_tolerable() else None

    def _door(self, scope: Scope) -> Door | None:
        if scope["type"] != "http":
            return None
        door = take_door(scope)
        is_ordinary = scope["path"] not in self._paths or self._draining.is_draining
        return None if is_ordinary else door

    async def _own(
        self, finished: Finished, scope: Scope, authorization: bytes | None
    ) -> bytes | None:
        """Return the headers that are this request's own; None for one that must be refused."""
        try:
            viewer = ANONYMOUS
            if authorization is not None:
                viewer = await self._identify(authorization.decode("latin-1"))
            allowance = await self._budgets.pay(payer_of(scope, viewer), finished.cost)
        except Exception:  # noqa: BLE001 - the ordinary path meets it again, and says what it is
            return None
        return _own_lines(to_request_id(scope["headers"]), finished, allowance)

    async def _watch(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> bool:
        """Leave a request to the ordinary path; keep what it says, and tell whether it may be."""
        sent: list[Message] = []

        async def watched(message: Message) -> None:
            if len(sent) <= _WHOLE:  # of a stream no more is looked at
                sent.append(message)
            await send(message)

        await self._app(scope, receive, watched)
        promise = promise_of(scope)
        if promise is None or len(sent) != _WHOLE or is_tracing():  # then each has its own span
            return False
        finished = self._finish(promise, sent, observed(scope))
        size = len(finished.head) + len(finished.body)
        self._kept.keep(asked, finished, _OVERHEAD + _size_of(asked) + size)
        return True

    def _finish(self, promise: Promise, sent: Sequence[Message], seen: Observed) -> Finished:
        start, end = sent
        headers: Sequence[Header] = start["headers"]
        names = {name for name, _ in headers}
        return Finished(
            promise,
            start["status"],
            _lines(header for header in headers if header[0] not in _PER_REQUEST),
            end.get("body", b""),
            seen.cost or 0,
            is_timed=b"server-timing" in names,
            tells_allowance=b"ratelimit" in names,
            count=self._counting(seen),
            given=TALLIES.tally(_counting(start["status"])),
        )


def _read(scope: Scope, body: bytes) -> tuple[Asked | None, bytes | None]:
    """Return all that must be the same, and the token; nothing for one with two tokens."""
    told: list[str | bytes | Header] = [scope["method"], scope["path"], scope["query_string"], body]
    authorization: bytes | None = None
    for header in scope["headers"]:
        name = header[0]
        if name in _UNREAD:
            continue
        if name != b"authorization":
            told.append(header)
        elif authorization is None:
            authorization = header[1]
            told.append(name)
        else:
            return None, None
    return tuple(told), authorization


def _size_of(asked: Asked) -> int:
    return sum(sum(map(len, each)) if isinstance(each, tuple) else len(each) for each in asked)


def _own_lines(request_id: str, finished: Finished, allowance: Allowance | None) -> bytes:
    own = b"x-request-id: %b\r\n" % request_id.encode()
    if allowance is not None and finished.tells_allowance:
        told = allowance.headers.items()
        own += _lines((name.lower().encode(), value.encode()) for name, value in told)
    return own


def _counting(status: int) -> Callable[[int], None]:
    by_status = GRAPHQL_REQUESTS.labels(status=status)
    finished = CACHE_READS.labels("answers", "finished")

    def count(times: int) -> None:
        by_status.inc(times)
        finished.inc(times)

    return count


def _lines(headers: Iterable[Header]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)
