"""`/graphql` over HTTP, as the GraphQL over HTTP specification has it.

A request is checked from the outside in: its method, the form of answer that it wants, who
sends it, its body; then the question itself.  Refusals are in the form that was asked for.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache

from prometheus_client import Counter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.execution.answers import Answer
from gateway.execution.engine import Question
from gateway.execution.refusals import RefusedError, Stage
from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.telemetry import GRAPHQL_REQUESTS
from gateway.telemetry.observed import Observed
from gateway.web.answering import Answering
from gateway.web.batches import answer_batch
from gateway.web.bodies import BodyTooLargeError, BodyTooSlowError, read_body
from gateway.web.cors import Cors, not_allowed
from gateway.web.exchange import Exchange
from gateway.web.finishing import Finishing
from gateway.web.negotiation import Media, negotiate
from gateway.web.preflight import PREFLIGHT_HEADERS, is_beyond_other_pages
from gateway.web.refusals import EnvelopeCode, EnvelopeError, unavailable
from gateway.web.replies import envelope_payload, refused_payload, refused_status, to_answer
from gateway.web.requests import (
    check_body_headers,
    from_batch,
    from_body,
    from_query_string,
    is_batch,
)
from gateway.web.streams import events
from gateway.web.surprises import broken
from schema.model.viewer import Viewer

LARGEST_BODY = 2_000_000  # bytes
BODY_SECONDS = 8.0  # for a body to arrive
_CLOSE = {"Connection": "close"}  # what is left of a body is not waited for

Identify = Callable[[str | None], Awaitable[Viewer]]


@lru_cache(maxsize=64)
def _counter(status: int) -> Counter:
    return GRAPHQL_REQUESTS.labels(status=status)


class GraphQLEndpoint:
    """Answers HTTP requests; a bad token is 401 whatever is asked, so that clients notice.

    `identify` reads an `Authorization` header (None: anonymous) and raises
    `InvalidTokenError` or `UncheckableTokenError`.  Arrays of up to `most_batched` operations
    are answered.  What is learned of a request is written into `observed(scope)`.
    """

    def __init__(
        self,
        answering: Answering,
        *,
        identify: Identify,
        cors: Cors | None = None,
        most_batched: int = 0,
        body_seconds: float = BODY_SECONDS,
        observed: Callable[[Scope], Observed] = lambda _scope: Observed(),
    ) -> None:
        self._answering = answering
        self._identify = identify
        self._cors = cors or Cors()
        self._finishing = Finishing(self._cors)
        self._most_batched = most_batched
        self._body_seconds = body_seconds
        self._observed = observed
        streams = (Media.EVENTS,) if answering.events else ()
        self._offered = (Media.GRAPHQL, Media.JSON, *streams)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(Request(scope, receive), self._observed(scope))
        try:
            response = await self._response(exchange)
        except ClientDisconnect:
            exchange.seen.is_gone = True
            return
        except Exception as exc:  # noqa: BLE001 - whatever it is, its client is told no more of it
            answer = broken(exc)
            exchange.seen.codes = answer.codes
            response = await self._finishing.response(exchange, answer, {})
        _counter(response.status_code).inc()
        await response(scope, receive, send)

    async def _response(self, exchange: Exchange) -> Response:
        extra: Mapping[str, str] = {}
        try:
            answer = await self._answer(exchange)
        except EnvelopeError as exc:
            answer, extra = to_answer(envelope_payload(exc), exc.code.status), exc.headers
            exchange.refuse()
        except RefusedError as exc:
            answer = to_answer(refused_payload(exc), refused_status(exc, exchange.media))
            exchange.refuse(exc.allowance)
            if exchange.media is Media.EVENTS:
                exchange.seen.codes = answer.codes
                answer = events.refusal(exc)
        if isinstance(answer, Answer):
            exchange.seen.codes = answer.codes
            return await self._finishing.response(exchange, answer, extra)
        for name, value in self._finishing.headers(exchange).items():
            answer.headers.setdefault(name, value)
        return answer

    async def _answer(self, exchange: Exchange) -> Answer | Response:
        if exchange.method == "OPTIONS":
            return self._cors.preflight(exchange.headers)
        if exchange.method not in {"GET", "POST"}:
            raise not_allowed()
        exchange.media = self._media(exchange)
        exchange.viewer = await self._viewer(exchange)
        if exchange.method == "GET":
            return await self._answer_get(exchange)
        return await self._answer_post(exchange)

    def _media(self, exchange: Exchange) -> Media:
        media = negotiate(exchange.headers.get("accept"), self._offered)
        if media is None:
            reason = f"Accept one of {', '.join(self._offered)}"
            raise EnvelopeError(EnvelopeCode.NOT_ACCEPTABLE, reason)
        return media

    async def _viewer(self, exchange: Exchange) -> Viewer:
        try:
            return await self._identify(exchange.headers.get("authorization"))
        except InvalidTokenError as exc:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise EnvelopeError(EnvelopeCode.UNAUTHENTICATED, str(exc), challenge) from exc
        except UncheckableTokenError as exc:
            raise unavailable(str(exc), exc.retry_after) from exc

    async def _answer_get(self, exchange: Exchange) -> Answer | Response:
        key: bytes = exchange.request.scope["query_string"]
        question = from_query_string(key)
        if question.query is not None and not is_beyond_other_pages(exchange.headers):
            await self._refuse_other_pages(exchange, question)
        return await self._answering.answer(exchange, key, lambda: question)

    async def _refuse_other_pages(self, exchange: Exchange, question: Question) -> None:
        """Say what is wrong with a GET of a text of its own that any page may have caused.

        It is read to tell a mutation apart, which is paid for as reading any other is.
        """
        try:
            await self._answering.admit_alone(exchange, question)
        except RefusedError as refused:
            exchange.allowance = refused.allowance
            if refused.stage is Stage.BUDGET:
                raise
        reason = f"Send a header like `{PREFLIGHT_HEADERS[0]}: 1` with a query in the address"
        raise EnvelopeError(EnvelopeCode.CSRF_PREVENTED, reason)

    async def _answer_post(self, exchange: Exchange) -> Answer | Response:
        check_body_headers(exchange.headers)
        body = await self._body(exchange.request)
        if is_batch(body):
            questions = from_batch(body, self._most_batched)
            return await answer_batch(self._answering, exchange, questions)
        return await self._answering.answer(exchange, body, lambda: from_body(body))

    async def _body(self, request: Request) -> bytes:
        try:
            return await read_body(request, LARGEST_BODY, self._body_seconds)
        except BodyTooLargeError as exc:
            reason = f"A body has at most {LARGEST_BODY:,} bytes"
            raise EnvelopeError(EnvelopeCode.BODY_TOO_LARGE, reason, _CLOSE) from exc
        except BodyTooSlowError as exc:
            reason = f"The body did not arrive within {self._body_seconds:g} seconds"
            raise EnvelopeError(EnvelopeCode.BODY_TOO_SLOW, reason, _CLOSE) from exc
