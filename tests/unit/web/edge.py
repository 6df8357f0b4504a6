"""The `/graphql` endpoint over fakes of catalogue and ledger, asked as HTTP clients ask."""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import httpx
import orjson

from gateway.execution.at_hand import AtHand
from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets, Gate
from gateway.execution.engine import Engine
from gateway.execution.publicity import Publicity
from gateway.execution.sharing import SharedAnswers
from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.telemetry.observed import Observed
from gateway.web.answering import Answering
from gateway.web.graphql import GraphQLEndpoint
from gateway.web.streams.connections import Connections
from gateway.web.streams.events import EventStreams
from gateway.web.surprises import passes_in
from schema.build import MaskingSchema, build_schema
from schema.model.viewer import ANONYMOUS, Viewer
from tests.unit.schema.api import Api, a_learner

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}
ANI = replace(a_learner(), subject="ani")


@cache
def usual_api() -> Api:
    """Return what most tests ask: five courses, which stay as they are."""
    return Api()


@cache
def build_engine() -> Engine:
    """Return an engine over the schema; what stands behind it comes with each context."""
    return Engine(the_schema())


@cache
def build_publicity() -> Publicity:
    """Return what tells which answers are the same for everybody."""
    return Publicity(the_schema())


@cache
def the_schema() -> MaskingSchema:
    """Return the schema, built once."""
    return build_schema(passes_in=passes_in)


@dataclass
class Edge:
    """An endpoint; `options` are its own, `answering` those of what stands behind it."""

    api: Api = field(default_factory=usual_api)
    options: dict[str, Any] = field(default_factory=dict)
    answering: dict[str, Any] = field(default_factory=dict)
    seen: list[Observed] = field(default_factory=list)
    contexts: int = 0  # how often something was run
    epoch: str = "1.1"
    former: str = ""
    engine: Engine = field(default_factory=build_engine)
    budgets: Budgets = field(default_factory=lambda: Budgets(LocalBuckets()))

    def __post_init__(self) -> None:
        streams = EventStreams(self.engine, identify, Connections())
        self.at_hand = AtHand()
        shared = SharedAnswers(None, self, self.at_hand)
        parts: dict[str, Any] = {
            "shared": shared,
            "events": streams,
            "to_public": build_publicity(),
            **self.answering,
        }
        answering = Answering(Gate(self.engine, self.budgets), self.build_context, **parts)
        self.app = GraphQLEndpoint(
            answering, identify=identify, observed=self.observed, **self.options
        )

    def build_context(self, viewer: Viewer) -> Any:
        self.contexts += 1
        return self.api.context(viewer)

    def name(self, *, with_partners: bool) -> str:
        """See `gateway.execution.answers.State`."""
        return self.epoch if with_partners else self.epoch.partition(".")[0]

    def was_lately(self, name: str) -> bool:
        """See `gateway.execution.answers.State`."""
        return name == self.former

    def partners_hold_until(self) -> float:
        """See `gateway.execution.answers.State`."""
        return math.inf

    def observed(self, _scope: Any) -> Observed:
        self.seen.append(Observed())
        return self.seen[-1]

    async def send(self, method: str = "POST", **request: Any) -> httpx.Response:
        """Send one request as it is."""
        async with self.client() as client:
            return await client.request(method, "/graphql", **request)

    async def ask(self, query: str, accept: str = GRAPHQL, **more: Any) -> httpx.Response:
        """POST a document."""
        return await self.send(json={"query": query, **more}, headers={"Accept": accept})

    async def get(self, headers: Any = None, **parameters: Any) -> httpx.Response:
        """GET with parameters; without further headers, as any page can make a browser do."""
        return await self.send("GET", params=parameters, headers=headers)

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[httpx.AsyncClient, None]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mitra") as client:
            client.headers.pop("accept-encoding")
            yield client


async def identify(authorization: str | None) -> Viewer:
    """Believe one token, and be unable to look at another."""
    if authorization is None:
        return ANONYMOUS
    if authorization == "Bearer ani":
        return ANI
    if authorization == "Bearer uncheckable":
        raise UncheckableTokenError(7)
    raise InvalidTokenError("The bearer token is not valid; sign in again.")


def codes(answer: httpx.Response) -> list[str]:
    """Return the codes of an answer that must be refused: it has errors, and no data."""
    body = orjson.loads(answer.content)
    assert "data" not in body, body
    return [error.get("extensions", {}).get("code") for error in body["errors"]]


class Raw:
    """One exchange with the endpoint, message by message, as a server has it."""

    def __init__(self, app: Any, *messages: dict[str, Any], **scope: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for message in messages:
            self.messages.put_nowait(message)
        headers = [(b"content-type", b"application/json")]
        parts = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b""}
        self.scope = {"headers": headers, **parts, **scope}
        self.task = asyncio.create_task(app(self.scope, self.messages.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


def chunk(body: bytes, *, more: bool = False) -> dict[str, Any]:
    """Return a piece of a request's body."""
    return {"type": "http.request", "body": body, "more_body": more}


GONE = {"type": "http.disconnect"}
