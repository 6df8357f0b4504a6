"""The hot path: what was answered once is answered again by one look and one write.

A layer around everything that answers.  It watches what the ordinary path says to public
questions, keeps it as it was sent, and gives it to the next who send the same, as long as the
promise holds that came with it.  Whatever the ordinary path looks at is part of what must be the
same: method, address, body and all headers but those known to say nothing.  So the two say the
same, and nothing of GraphQL is told a second time here.  What is each request's own is done for
each: whose token it is, what it costs, its id, its time, and that it is counted.

Of what nobody asked before, but like others, `forms` answers; it is asked second.

Whatever is unusual takes the ordinary path: a body that has not wholly come, a token that is not
good, a budget that is spent, a process that is about to stop, a client that does not read.
"""

import time
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.draining import Draining
from gateway.execution.at_hand import AtHand, Kept
from gateway.execution.budgets import Budgets, Payer
from gateway.execution.refusals import RefusedError
from gateway.telemetry.observed import Observed
from gateway.telemetry.operations import Count
from gateway.telemetry.traces import is_tracing
from gateway.web.asked import Asked, comes_again, read_asked
from gateway.web.bodies import WHOLE
from gateway.web.counts import Counts
from gateway.web.exchange import kept_of
from gateway.web.finished import Finished, to_sending
from gateway.web.forms import Answered, Forms
from gateway.web.observing import observed
from gateway.web.outermost import to_request_id
from gateway.web.paying import payer_at, payer_of
from gateway.web.renewals import Renewals, renewed
from gateway.web.repeats import Repeats
from gateway.web.server.door import Door, put_shortcut, take_door
from schema.model.viewer import ANONYMOUS, Viewer
from schema.redaction import random_id

_PATHS = frozenset({"/graphql", "/graphql/subgraph"})
_MOST_WATCHED = 2  # messages; of a stream no more is looked at

Identify = Callable[[str | None], Awaitable[Viewer]]


class HotPath:
    """An ASGI layer that answers to GraphQL what is at hand, and leaves the rest to `app`.

    `counting(seen)` returns what counts one more request that is answered as `seen` was.  To a
    server that has a door it is the `Shortcut`, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        identify: Identify,
        budgets: Budgets,
        counting: Callable[[Observed], Count],
        draining: Draining,
        at_hand: AtHand,
    ) -> None:
        self._app = app
        self._identify = identify
        self._budgets = budgets
        self._draining = draining
        self._renewals = Renewals()
        self._repeats = Repeats(at_hand)
        self._counts = Counts(counting)
        self._forms = Forms(budgets=budgets, counts=self._counts, repeats=self._repeats)

    @property
    def size(self) -> int:
        """Bytes of what is kept, roughly."""
        return self._repeats.size + self._forms.size

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
        asked, authorization = (None, None) if body is None else read_asked(scope, body)
        if door is None or asked is None:
            await self._app(scope, receive, send)
            return
        if await self._is_answered(door, asked, scope, authorization, began):
            self._learn(door, asked, scope)
            return
        if await self._watch(door, asked, scope, (receive, send)):
            self._learn(door, asked, scope)

    async def _is_answered(
        self, door: Door, asked: Asked, scope: Scope, authorization: bytes | None, began: float
    ) -> bool:
        """Answer with what is at hand, made anew if it must be; else say that nothing was sent."""
        found = self._repeats.find(asked)
        if found is None or not door.is_free():
            return False
        finished, kept = found
        is_given = self._is_given(kept)
        if (finished.body_of(kept) if is_given else finished.sending.packing) is None:
            return False  # before it is paid for
        viewer = await self._viewer(authorization)
        if viewer is None:
            return False
        payer = payer_of(scope, viewer)
        own = await self._paid(finished, payer, scope)
        if own is None:
            return False
        newest = kept if is_given else await self._renewed(kept)
        body = finished.body_of(newest) if newest is not None else None
        if newest is None or body is None or not door.is_free():
            self._budgets.give_back(payer, finished.cost)  # the ordinary path takes it again
            return False
        door.answer(finished.sending.status, finished.headed(newest, body, own, began), body)
        return True

    def find(self, sent: bytes, host: str | None) -> Answered | None:
        """See `Shortcut.find`."""
        began = time.perf_counter()
        if self._draining.is_draining:
            return None
        return self._again(sent, host, began) or self._forms.find(sent, host, began)

    def _again(self, sent: bytes, host: str | None, began: float) -> Answered | None:
        """Return what is at hand for the very bytes that were sent."""
        found = self._repeats.find_sent(sent)
        if found is None:
            return None
        finished, kept = found
        body = finished.body_of(kept) if self._is_given(kept) else None
        if body is None:
            return None
        try:
            allowance = self._budgets.pay_at_once(payer_at(host), finished.cost)
        except RefusedError:
            return None
        own = finished.sending.own_lines(random_id(16), allowance)
        return finished.sending.status, finished.headed(kept, body, own, began), body

    def _learn(self, door: Door, asked: Asked, scope: Scope) -> None:
        """Remember what the bytes of a request ask, if they may be the same another time."""
        if (sent := self._sent(door, scope)) is not None:
            self._repeats.keep_sent(sent, asked)

    def _sent(self, door: Door, scope: Scope) -> bytes | None:
        """Return the bytes of a request, if such bytes are enough to answer another."""
        is_so = door.is_kept_open() and self._budgets.pays_at_once and comes_again(scope)
        return door.sent if is_so else None

    def _is_given(self, kept: Kept) -> bool:
        """Return whether an answer may be given; one of the revision before is made anew, too."""
        if kept.promise.holds():
            return True
        is_tolerable = kept.promise.is_tolerable()
        if is_tolerable:
            self._renewals.begin(kept)
        return is_tolerable

    async def _renewed(self, kept: Kept) -> Kept | None:
        try:
            return await renewed(kept)
        except Exception:  # noqa: BLE001 - the ordinary path meets it again, and says what it is
            return None

    def _door(self, scope: Scope) -> Door | None:
        if scope["type"] != "http":
            return None
        door = take_door(scope)
        is_ordinary = scope["path"] not in _PATHS or self._draining.is_draining
        return None if is_ordinary else door

    async def _viewer(self, authorization: bytes | None) -> Viewer | None:
        """Return who asks; None for one whose token is not good."""
        if authorization is None:
            return ANONYMOUS
        try:
            return await self._identify(authorization.decode("latin-1"))
        except Exception:  # noqa: BLE001 - the ordinary path meets it again, and says what it is
            return None

    async def _paid(self, finished: Finished, payer: Payer, scope: Scope) -> bytes | None:
        """Return the headers that are this request's own; None for one that cannot be paid."""
        try:
            allowance = await self._budgets.pay(payer, finished.cost)
        except Exception:  # noqa: BLE001 - as above
            return None
        return finished.sending.own_lines(to_request_id(scope["headers"]), allowance)

    async def _watch(
        self, door: Door, asked: Asked, scope: Scope, passed: tuple[Receive, Send]
    ) -> bool:
        """Leave a request to the ordinary path; keep what it says, and tell whether it may be."""
        sent: list[Message] = []
        receive, send = passed

        async def watched(message: Message) -> None:
            if len(sent) <= _MOST_WATCHED:
                sent.append(message)
            await send(message)

        await self._app(scope, receive, watched)
        if is_tracing():  # then each has its own span
            return False
        if (bytes_sent := self._sent(door, scope)) is not None:
            self._forms.learn(bytes_sent, asked, scope, sent)
        kept = kept_of(scope)
        sending = to_sending(kept, sent) if kept is not None else None
        if kept is None or sending is None:
            return False
        seen = observed(scope)
        count = self._counts.of(seen, seen.cost)
        self._repeats.keep(asked, Finished.of(kept, sending, seen.cost or 0, count))
        return True
