"""From a question to its finished answer: prepared, run, encoded; or taken from what is shared."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from graphql import OperationType
from starlette.responses import Response
from starlette.types import Scope

from gateway.execution.answers import Answer, Remake
from gateway.execution.at_hand import Kept
from gateway.execution.at_once import at_once
from gateway.execution.budgets import Gate
from gateway.execution.engine import Prepared, Question
from gateway.execution.publicity import PublicQuestion
from gateway.execution.refusals import RefusedError
from gateway.execution.sharing import SharedAnswers
from gateway.web.cors import not_allowed
from gateway.web.exchange import Exchange, Known
from gateway.web.negotiation import Media
from gateway.web.paying import payer_of
from gateway.web.refusals import EnvelopeCode, EnvelopeError
from gateway.web.replies import run_status, to_answer
from gateway.web.requests import from_body
from gateway.web.running import run_while_connected
from gateway.web.streams.events import Asked, EventStreams
from gateway.web.streams.results import Payload, to_payload
from schema.context import Context
from schema.model.viewer import ANONYMOUS, Viewer

Read = Callable[[], Question]
_NEW = "mitra.new"


@dataclass(slots=True)
class ForAll:
    """A question that is answered the same for everybody; whether it was run for who asks it."""

    prepared: Prepared
    public: PublicQuestion
    is_run: bool = False


@dataclass(frozen=True, slots=True)
class New:
    """An answer that was made for all, and who makes others of its kind."""

    answering: "Answering"
    kept: Kept


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers questions that pass a gate.

    `shared` keeps the answers to questions that `to_public` knows; they are made as for somebody
    without a token, so that nothing of a viewer can be in them.
    Without `events` nobody is answered by a stream.
    """

    gate: Gate
    build_context: Callable[[Viewer], Context]
    shared: SharedAnswers[Known] | None = None
    to_public: Callable[[Prepared], PublicQuestion | None] = lambda _prepared: None
    events: EventStreams | None = None
    may_introspect: Callable[[Viewer], bool] = lambda _viewer: False

    async def answer(self, exchange: Exchange, key: bytes, read: Read) -> Answer | Response:
        """Answer one question; requests with equal keys ask the same.

        Raises `EnvelopeError`, `RefusedError`, `ClientDisconnect`.
        """
        digest = self._digest(exchange, key)
        if self.shared and (known := self.shared.known(digest)) and known.public:
            await self._pay(exchange, known)
            answer, kept = await self.shared.answer(
                known.public,
                lambda: self._finish(exchange, self.prepare(exchange, read())),
                self._to_remake(key, read),
                again=True,
            )
            exchange.give_again(kept)
            return answer
        prepared = await self.admit_alone(exchange, read())
        if exchange.media is Media.EVENTS and self.events:
            return self.events.answer(self._to_asked(exchange, prepared))
        public = None if exchange.wants_cost else self.to_public(prepared)
        exchange.is_public = public is not None
        if self.shared and digest and public:
            self.shared.learn(digest, Known.of(prepared, public))
            answer, exchange.kept = await self.shared.answer(
                public, lambda: self._finish(exchange, prepared), self._to_remake(key, read)
            )
            exchange.request.scope[_NEW] = exchange.kept and New(self, exchange.kept)
            return answer
        work = self._finish(exchange, prepared)
        if prepared.kind is OperationType.MUTATION:  # what has begun is done, whoever goes
            return await work
        return await run_while_connected(work, exchange.request.receive)

    async def admit(self, exchange: Exchange, question: Question) -> Prepared:
        """Return what would be run, paid for.

        Raises `RefusedError`, and `EnvelopeError` for a mutation by GET, whatever else is wrong.
        """
        payer = payer_of(exchange.request.scope, exchange.viewer)
        try:
            with exchange.timed("prepare"):
                admitted = await self.gate.admit(self._allowed(exchange.viewer, question), payer)
        except RefusedError as refused:
            check_method(exchange, refused.kind)
            raise
        exchange.allowance = admitted.allowance
        exchange.tell(Known.of(admitted.prepared))
        return admitted.prepared

    async def admit_alone(self, exchange: Exchange, question: Question) -> Prepared:
        """Return what would be run and is answered the way it came, paid for.

        A subscription is answered by a stream to whoever takes one, whatever they like better.
        Raises as `admit` does, and `EnvelopeError` for a subscription without a stream.
        """
        prepared = await self.admit(exchange, question)
        is_subscription = prepared.kind is OperationType.SUBSCRIPTION
        if is_subscription and self.events and exchange.takes_events:
            exchange.media = Media.EVENTS
        check_kind(exchange, prepared)
        return prepared

    def prepare(self, exchange: Exchange, question: Question) -> Prepared:
        """Return what would be run, without paying.  Raises `RefusedError`."""
        with exchange.timed("prepare"):
            return self.gate.engine.prepare(self._allowed(exchange.viewer, question))

    async def run(self, exchange: Exchange, prepared: Prepared) -> Payload:
        """Return what running one operation gives."""
        with exchange.timed("run"):
            viewer = ANONYMOUS if exchange.is_public else exchange.viewer
            result = await self.gate.engine.run(prepared, self.build_context(viewer))
        payload = to_payload(result)
        return {**payload, "extensions": _cost_of(prepared)} if exchange.wants_cost else payload

    def prepare_for_all(self, question: Question) -> "ForAll | None":
        """Return what is answered the same for everybody, if it is, without paying.

        Raises `RefusedError`.
        """
        prepared = self.gate.engine.prepare(self._allowed(ANONYMOUS, question))
        public = self.to_public(prepared)
        return ForAll(prepared, public) if public is not None and self.shared else None

    def answer_at_once(self, asked: "ForAll", body: bytes) -> Kept | None:
        """Return what is at hand, run now if it must be, of what a POST of `body` asks.

        None is for an answer that is not for all.  Raises `WaitsError`.
        """
        if self.shared is None:
            return None

        def run() -> Answer:
            asked.is_run = True
            return at_once(self._run_for_all(asked.prepared))

        remake = self._to_remake(body, partial(from_body, body))
        found = self.shared.find_at_once(asked.public, run, remake)
        return found if isinstance(found, Kept) else None

    async def _pay(self, exchange: Exchange, known: Known) -> None:
        exchange.is_public = True
        payer = payer_of(exchange.request.scope, exchange.viewer)
        exchange.allowance = await self.gate.pay(payer, known.cost)
        exchange.tell(known)  # once it is paid: what is refused costs nobody anything

    async def _finish(self, exchange: Exchange, prepared: Prepared) -> Answer:
        payload = await self.run(exchange, prepared)
        with exchange.timed("encode"):
            return to_answer(payload, run_status(prepared, payload))

    def _to_remake(self, key: bytes, read: Read) -> Remake:
        return Remake(partial(self._make, read), len(key))

    async def _make(self, read: Read) -> Answer:
        """Make the answer to a public question when nobody waits for it."""
        return await self._run_for_all(self.gate.engine.prepare(read()))

    async def _run_for_all(self, prepared: Prepared) -> Answer:
        payload = to_payload(await self.gate.engine.run(prepared, self.build_context(ANONYMOUS)))
        return to_answer(payload, run_status(prepared, payload))

    def _allowed(self, viewer: Viewer, question: Question) -> Question:
        return question.allowed() if self.may_introspect(viewer) else question

    def _digest(self, exchange: Exchange, key: bytes) -> str | None:
        """Return what names a question that may be shared, if it may."""
        if self.shared is None or exchange.media is Media.EVENTS or exchange.wants_cost:
            return None
        where = exchange.request.scope["path"]  # each has a schema of its own
        told = (exchange.method, where, exchange.media)
        return self.shared.digest(*(each.encode() for each in told), key)

    def _to_asked(self, exchange: Exchange, prepared: Prepared) -> Asked:
        contexts = partial(self.build_context, exchange.viewer)
        authorization = exchange.headers.get("authorization")
        return Asked(prepared, contexts, exchange.viewer, authorization)


def new_of(scope: Scope) -> New | None:
    """Return the answer that was made for all for a request, if one was."""
    return scope.get(_NEW)


def check_kind(exchange: Exchange, prepared: Prepared) -> None:
    """Check that an operation is answered the way it came.  Raises `EnvelopeError`."""
    check_method(exchange, prepared.kind)
    if prepared.kind is OperationType.SUBSCRIPTION and exchange.media is not Media.EVENTS:
        raise EnvelopeError(
            EnvelopeCode.SUBSCRIPTION_NEEDS_STREAM,
            "Subscribe by WebSocket (graphql-transport-ws) or with `Accept: text/event-stream`",
        )


def check_method(exchange: Exchange, kind: OperationType | None) -> None:
    """Check that a GET changes nothing.  Raises `EnvelopeError`."""
    if kind is OperationType.MUTATION and exchange.method == "GET":
        raise not_allowed("POST")


def _cost_of(prepared: Prepared) -> Payload:
    return {"cost": {"requested": prepared.cost, "limit": prepared.cost_limit}}
