"""GraphQL over real sockets: who gets in, for how long, and what ends with them."""

import asyncio
import json
import socket as network
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import REFUSALS, Budgets, Gate
from gateway.execution.engine import Engine, Stage
from gateway.identity.development import DevelopmentIssuer, issue_token, read_development_key
from gateway.identity.errors import UncheckableTokenError
from gateway.identity.proof import Proof
from gateway.identity.tokens import LEEWAY_SECONDS
from gateway.identity.verifier import TokenVerifier
from gateway.telemetry import REGISTRY
from gateway.telemetry.operations import Operations
from gateway.web.streams.connections import MOST_OF_ONE, Connections
from gateway.web.streams.socket import (
    MOST_MESSAGE_BYTES,
    MOST_OPERATIONS,
    Patience,
    SocketEndpoint,
)
from schema.ids import NodeKind, to_global_id
from schema.model.enrolment import Enrolment, EnrolmentStatus, EnrolRequest
from schema.model.values import LearnerId
from schema.model.viewer import Role, Viewer
from tests.subscribing import Socket, socket_to
from tests.unit.schema.api import Api

pytestmark = pytest.mark.anyio

FOLLOW = "subscription ($id: ID!) { enrolmentChanged(id: $id) { status } }"
INIT_SECONDS = RECHECK_SECONDS = 0.3
POINTS = 10_000  # that each client may spend
UNCHECKABLE = f"mitra_pk_ABCDEFGH_{'A' * 43}"  # a key, while the ledger does not answer


@dataclass
class EndlessWatch:
    """Tells of one state, and then of nothing until its follower has gone."""

    api: Api
    following: int = 0
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None

    async def follow(
        self, learner: Any, enrolment_id: Any, after: int = 0
    ) -> AsyncGenerator[Enrolment, None]:
        found = await self.api.enrolments.read_enrolment(learner, enrolment_id)
        if found is None:
            raise LookupError(enrolment_id)
        self.following += 1
        try:
            yield replace(found, status=EnrolmentStatus.SUBMITTING)
            if self.error is not None:
                raise self.error
            await asyncio.Event().wait()
        finally:
            self.following -= 1
            self.has_ended.set()


@dataclass
class Served:
    """A gateway's socket over fakes of catalogue and ledger."""

    url: str
    data_dir: Path
    api: Api
    watch: EndlessWatch
    connections: Connections

    def token(
        self, subject: str = "ani", role: Role = Role.LEARNER, *, ends_in: float = 3600
    ) -> str:
        lifetime = timedelta(seconds=ends_in - LEEWAY_SECONDS)
        return issue_token(self.data_dir, role, subject, lifetime=lifetime)

    async def enrolment(self, subject: str = "ani") -> str:
        offering = next(iter(self.api.catalogue.every())).offerings[0]
        request = EnrolRequest(LearnerId(subject), offering.id, None, "key-1")
        outcome = await self.api.enrolments.enrol(request)
        assert outcome.enrolment is not None
        return to_global_id(NodeKind.ENROLMENT, outcome.enrolment.id)

    @asynccontextmanager
    async def following(self, token: str) -> AsyncIterator[Socket]:
        """Follow an enrolment of Ani's, once its first state has been told."""
        enrolment = await self.enrolment()
        async with socket_to(self.url) as socket:
            await socket.sign_in(token)
            await socket.subscribe(FOLLOW, id=enrolment)
            first = await anext(socket.answers())
            assert first == {"data": {"enrolmentChanged": {"status": "SUBMITTING"}}}
            yield socket


class _NoLedger:
    async def check(self, key: str) -> Proof:
        raise UncheckableTokenError


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    api = Api()
    watch = EndlessWatch(api)

    def build_context(viewer: Viewer) -> Any:
        return replace(api.context(viewer), watch=watch)

    connections = Connections()
    endpoint = SocketEndpoint(
        Gate(Engine(api.schema), Budgets(LocalBuckets(), points_a_minute=POINTS)),
        identify=TokenVerifier(
            [DevelopmentIssuer(read_development_key(tmp_path))], _NoLedger()
        ).identify,
        build_context=build_context,
        connections=connections,
        allowed_origins=["https://mitra.example.id"],
        patience=Patience(INIT_SECONDS, RECHECK_SECONDS),
        observer=Operations(),
        may_introspect=lambda viewer: Role.OPERATOR in viewer.roles,
    )
    app = Starlette(routes=[WebSocketRoute("/graphql", endpoint)])
    with network.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app, lifespan="off", log_level="warning", ws_max_size=MOST_MESSAGE_BYTES
        )
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        running = asyncio.create_task(server.serve(sockets=[listening]))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield Served(url, tmp_path, api, watch, connections)
        finally:
            server.should_exit = True
            await running


async def test_a_token_may_come_with_the_handshake(served: Served):
    enrolment = await served.enrolment()

    async with socket_to(served.url, token=served.token()) as socket:
        await socket.sign_in()
        await socket.subscribe(FOLLOW, id=enrolment)
        first = await anext(socket.answers())

    assert first == {"data": {"enrolmentChanged": {"status": "SUBMITTING"}}}


async def test_each_operation_is_counted_by_what_came_of_it(served: Served):
    def counted(kind: str, outcome: str) -> float:
        labels = {"operation": "none", "kind": kind, "outcome": outcome}
        return REGISTRY.get_sample_value("mitra_operations_total", labels) or 0.0

    before = counted("query", "ok"), counted("none", "refused")
    async with socket_to(served.url) as socket:
        await socket.sign_in()
        for query in ("{ __typename }", "{ nothing }"):
            await socket.subscribe(query)
            while (await socket.hear())["type"] not in {"complete", "error"}:
                pass

    assert (counted("query", "ok"), counted("none", "refused")) == (before[0] + 1, before[1] + 1)


async def test_nobody_follows_what_is_another_learners(served: Served):
    enrolment = await served.enrolment("ani")

    async with socket_to(served.url) as socket:
        await socket.sign_in(served.token("budi"))
        await socket.subscribe(FOLLOW, id=enrolment)
        [answer] = [each async for each in socket.answers()]

    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_who_has_not_signed_in_follows_nothing(served: Served):
    enrolment = await served.enrolment("ani")

    async with socket_to(served.url) as socket:
        await socket.sign_in()
        await socket.subscribe(FOLLOW, id=enrolment)
        refused = await socket.hear()

    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_question_and_an_order_are_answered_too(served: Served):
    async with socket_to(served.url) as socket:
        await socket.sign_in(served.token())
        await socket.subscribe("{ partners { code } }", under="q")
        answers = [each async for each in socket.answers("q")]

    assert answers == [{"data": {"partners": [{"code": "tokopedia"}, {"code": "sisnaker"}]}}]


async def test_who_goes_away_is_followed_no_longer(served: Served):
    async with served.following(served.token()) as socket:
        assert served.watch.following == 1
        socket.connection.transport.abort()

        async with asyncio.timeout(1):
            await served.watch.has_ended.wait()

    assert served.watch.following == 0


async def test_what_is_completed_is_followed_no_longer(served: Served):
    async with served.following(served.token()) as socket:
        await socket.say(type="complete", id="1")

        async with asyncio.timeout(1):
            await served.watch.has_ended.wait()

        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}


async def test_a_token_that_ends_takes_its_socket_with_it(served: Served):
    async with served.following(served.token(ends_in=2)) as socket:
        async with asyncio.timeout(5):
            code = await socket.closed_with()

    assert code == 4403
    assert served.watch.following == 0


async def test_a_token_that_lasts_keeps_its_socket(served: Served):
    async with served.following(served.token()) as socket:
        await asyncio.sleep(3 * RECHECK_SECONDS)
        await socket.say(type="ping")

        assert await socket.hear() == {"type": "pong"}


async def test_a_surprise_is_masked(served: Served):
    served.watch.error = RuntimeError("SELECT secret FROM learner")

    async with served.following(served.token()) as socket:
        [answer] = [each async for each in socket.answers()]

    [error] = answer["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "errorId": "e1"}
    assert "secret" not in str(answer)


async def test_what_breaks_outside_of_a_field_ends_its_operation_with_an_id(
    served: Served, monkeypatch: pytest.MonkeyPatch
):
    async with socket_to(served.url) as socket:
        await socket.sign_in(served.token())
        monkeypatch.setattr(served.api, "context", lambda _: 1 / 0)
        await socket.subscribe("{ __typename }")
        async with asyncio.timeout(5):
            said = await socket.hear()

    assert said["type"] == "error"
    assert said["payload"][0]["extensions"]["code"] == "INTERNAL"
    assert "division" not in str(said)


async def test_who_cannot_be_looked_at_is_told_to_come_again(served: Served):
    async with socket_to(served.url) as socket:
        await socket.say(type="connection_init", payload={"authorization": f"Bearer {UNCHECKABLE}"})

        assert await socket.closed_with() == 1013


@pytest.mark.parametrize("payload", ["Bearer nonsense", "Basic YTpi", "", 7, {"a": 1}])
async def test_a_token_that_proves_nothing_opens_nothing(served: Served, payload: object):
    async with socket_to(served.url) as socket:
        await socket.say(type="connection_init", payload={"authorization": payload})

        assert await socket.closed_with() == 4403


async def test_who_says_nothing_is_closed(served: Served):
    async with socket_to(served.url) as socket, asyncio.timeout(2):
        assert await socket.closed_with() == 4408


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        pytest.param(
            [{"type": "subscribe", "id": "1", "payload": {"query": "{ a }"}}],
            4401,
            id="before-signing-in",
        ),
        pytest.param([{"type": "connection_init"}] * 2, 4429, id="signing-in-twice"),
        pytest.param([{"type": "connection_init", "payload": []}], 4400, id="strange-payload"),
        pytest.param([{"type": "start", "id": "1"}], 4400, id="unknown-type"),
        pytest.param([["connection_init"]], 4400, id="no-object"),
        pytest.param(
            [{"type": "connection_init"}, {"type": "subscribe", "id": {}, "payload": {}}],
            4400,
            id="strange-id",
        ),
        pytest.param(
            [
                {"type": "connection_init"},
                {"type": "subscribe", "id": "1", "payload": {"query": 7}},
            ],
            4400,
            id="no-document",
        ),
        pytest.param(
            [{"type": "connection_init"}]
            + [{"type": "subscribe", "id": "1", "payload": {"query": FOLLOW}}] * 2,
            4409,
            id="id-in-use",
        ),
    ],
)
async def test_what_breaks_the_protocol_is_closed(served: Served, messages: list[Any], code: int):
    async with socket_to(served.url) as socket, asyncio.timeout(2):
        for message in messages:
            await socket.connection.send(json.dumps(message))

        assert await socket.closed_with() == code


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param("{", 4400, id="no-json"),
        pytest.param("[" * 100_000, 4400, id="bottomless"),
        pytest.param('{"type":"ping","payload":NaN}', 4400, id="not-a-number"),
        pytest.param(b'{"type":"ping"}', 4400, id="binary"),
        pytest.param(" " * (MOST_MESSAGE_BYTES + 1), 1009, id="too-big"),
        pytest.param(" " * 10_000_000, 1009, id="too-big-once-unpacked"),
    ],
)
async def test_a_frame_that_is_no_message_is_closed(served: Served, frame: str | bytes, code: int):
    async with socket_to(served.url) as socket, asyncio.timeout(2):
        await socket.connection.send(frame)

        assert await socket.closed_with() == code


async def test_one_socket_follows_so_many_and_not_more(served: Served):
    enrolment = await served.enrolment()
    async with socket_to(served.url) as socket, asyncio.timeout(5):
        await socket.sign_in(served.token())
        for number in range(MOST_OPERATIONS + 1):
            await socket.subscribe(FOLLOW, under=str(number), id=enrolment)

        assert await socket.closed_with() == 4429

    assert served.watch.following == 0


async def test_one_viewer_opens_so_many_and_not_more(served: Served):
    async with AsyncExitStack() as opened:
        for _ in range(MOST_OF_ONE):
            socket = await opened.enter_async_context(socket_to(served.url))
            await socket.sign_in(served.token())
        async with socket_to(served.url) as other:
            await other.sign_in(served.token("budi"))
        async with socket_to(served.url) as one_more:
            await one_more.say(
                type="connection_init", payload={"authorization": f"Bearer {served.token()}"}
            )
            assert await one_more.closed_with() == 4429
        await socket.connection.close()
        async with socket_to(served.url) as again:
            await again.sign_in(served.token())


async def test_when_we_stop_clients_are_told_to_come_again(served: Served):
    async with served.following(served.token()) as socket:
        served.connections.end()

        assert await socket.closed_with() == 1012
    assert (served.watch.following, len(served.connections)) == (0, 0)


async def test_what_is_refused_is_an_error_of_its_operation(served: Served):
    async with socket_to(served.url) as socket:
        await socket.sign_in()
        await socket.subscribe("{ nonsense }", under="q")
        refused = await socket.hear()
        await socket.subscribe("{ partners { code } }", under="q")  # the id is free again
        assert [each async for each in socket.answers("q")]

    assert (refused["type"], refused["id"]) == ("error", "q")
    assert "nonsense" in refused["payload"][0]["message"]


async def test_who_asks_by_socket_pays_as_elsewhere(served: Served):
    affordable = POINTS // REFUSALS[Stage.VALIDATION]
    async with socket_to(served.url) as socket, socket_to(served.url) as another:
        await socket.sign_in(served.token())
        await another.sign_in(served.token())
        for _ in range(affordable):  # guessing names is paid for, by whichever socket
            await socket.subscribe("{ nonsense }")
            refused = await socket.hear()
            assert refused["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await another.subscribe("{ partners { code } }")
        spent = await another.hear()

    assert spent["type"] == "error"
    assert spent["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert spent["payload"][0]["extensions"]["retryAfter"] > 0


@pytest.mark.parametrize("role", [Role.LEARNER, Role.OPERATOR])
async def test_the_schema_is_told_by_role(served: Served, role: Role):
    async with socket_to(served.url) as socket:
        await socket.sign_in(served.token("rina", role))
        await socket.subscribe("{ __schema { queryType { name } } }")
        told = await socket.hear()

    if role is Role.OPERATOR:
        assert told["payload"] == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
    else:
        assert told["payload"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"


async def test_a_page_of_another_origin_opens_nothing(served: Served):
    with pytest.raises(InvalidStatus) as refused:
        async with socket_to(served.url, origin="https://evil.example"):
            pass

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["https://mitra.example.id", None])
async def test_our_own_pages_and_other_programs_get_in(served: Served, origin: str | None):
    async with socket_to(served.url, origin=origin or served.url) as socket:
        await socket.sign_in()


async def test_the_old_protocol_is_refused(served: Served):
    url = served.url.replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=["graphql-ws"]) as connection:  # type: ignore[list-item]
        await connection.wait_closed()

    assert connection.close_code == 4406
