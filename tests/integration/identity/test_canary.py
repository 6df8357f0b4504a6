"""A national id that is sent through every input shows nowhere: no log, metric, cache or error."""

import asyncio
import traceback
from collections.abc import AsyncIterator, MutableMapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
import structlog
from prometheus_client import generate_latest

from gateway.app import Gateway
from gateway.asgi import create_app
from gateway.execution.engine import Engine, RefusedError
from gateway.execution.engine import Question as Asked
from gateway.identity.development import issue_token
from gateway.settings import Profile, Settings
from gateway.telemetry import REGISTRY
from schema.build import build_schema
from schema.ids import NodeKind
from schema.model.values import PartnerCode
from schema.model.viewer import Role
from schema.policies import policy_of
from tests.integration.identity.inputs import Filler, Question
from tests.tracing import recorded_spans

pytestmark = pytest.mark.anyio

CANARY = "3174095204900017"
BALAI = Path(__file__).parents[1] / "feeds" / "balai" / "balai.toml"
SCHEMA = build_schema()._schema
FILLERS = [
    Filler(CANARY),
    Filler(CANARY, everywhere=True),
    Filler(CANARY, kind=NodeKind.ENROLMENT),
    Filler(CANARY, kind=NodeKind.OFFERING),
]
ODD = [  # of the request, not of the schema
    {"query": f"query Q{CANARY} {{ partners {{ code }} }}", "operationName": f"Q{CANARY}"},
    {"query": "{ partners { code } }", "operationName": CANARY},
    {"query": f"{{ partners {{ code }} }} # {CANARY}"},
    {"query": f"{{ a{CANARY}: partners {{ f{CANARY} }} }}"},
    {"query": f"{{ partners @d{CANARY} {{ code }} }}"},
    {"query": f"{{ partners {{ ...F{CANARY} }} }}"},
    {"query": f"{{ {CANARY} }}"},
    {"query": f"{{ courses(first: {CANARY * 2}) {{ totalCount }} }}"},
    {"query": f'{{ partner(code: "{CANARY}'},
    {"query": "{ partners { code } }", "variables": {CANARY: CANARY}},
    {"query": "query ($v: Int) { partners { code } }", "variables": {"v": CANARY}},
    {"documentId": CANARY},
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": CANARY}}},
    {"doc_id": CANARY},
    [CANARY],
    CANARY,
]
HEADERS = {
    "apollographql-client-name": CANARY,
    "apollographql-client-version": CANARY,
    "user-agent": CANARY,
    "referer": f"https://app.example.id/{CANARY}",
    "x-request-id": CANARY,
    "traceparent": f"00-{CANARY * 2}-{CANARY}-01",
    "x-forwarded-for": CANARY,
    "cookie": f"nik={CANARY}",
    "accept-language": CANARY,
    "x-api-key": CANARY,
}


class Mitra:
    """A whole gateway in this process, with a real Redis, that remembers what it was heard say."""

    def __init__(self, gateway: Gateway, client: httpx.AsyncClient, tokens: dict[str, str]) -> None:
        self.gateway = gateway
        self.client = client
        self.tokens = tokens
        self.engine = Engine(build_schema())
        self.said: list[tuple[str, str]] = []

    async def send(self, body: Any, role: str | None = None, what: str = "") -> None:
        headers = {"authorization": f"Bearer {self.tokens[role]}"} if role else {}
        response = await self.client.post("/graphql", json=body, headers=HEADERS | headers)
        assert response.status_code < 500, (what, response.text)
        told = f"{response.headers!r} {response.text}"
        self.said.append((f"{what} {body if not what else ''}", told))

    async def follow(self, question: Question, role: str) -> None:
        """Subscribe, and take what comes first; what there is to be followed may be silent."""
        viewer = await self.gateway.verifier.verify(self.tokens[role])
        try:
            prepared = self.engine.prepare(Asked(question.document, variables=question.variables))
            context = self.gateway.build_context(viewer)
            begun = await self.engine.subscribe(prepared, context, lambda: context)
            async with aclosing(begun) as results:  # type: ignore[type-var]
                async with asyncio.timeout(0.05):
                    first = await anext(results)
            self.said.append((question.path, str(first.errors)))
        except RefusedError as exc:
            self.said.append((question.path, str([error.formatted for error in exc.errors])))
        except TimeoutError:
            pass


@pytest.fixture
async def mitra(tmp_path: Path, redis_url: str) -> AsyncIterator[Mitra]:
    settings = Settings(
        profile=Profile.DEVELOPMENT,
        data_dir=tmp_path,
        redis_url=redis_url,
        partners=(BALAI,),
        background=False,
    )
    gateway = Gateway(settings)
    app = create_app(settings, gateway)
    tokens = {
        role.value: issue_token(tmp_path, role, subject)
        for role, subject in ((Role.LEARNER, "siti"), (Role.OPERATOR, "rina"))
    }
    transport = httpx.ASGITransport(app=app)
    async with gateway.running(background=False):
        await gateway.catalogue.sync_now([PartnerCode("balai")])
        await gateway.catalogue.follower.refresh()
        async with httpx.AsyncClient(transport=transport, base_url="http://mitra.test") as client:
            yield Mitra(gateway, client, tokens)


async def test_a_national_id_that_is_sent_shows_nowhere(
    mitra: Mitra, redis_url: str, caplog: pytest.LogCaptureFixture
):
    with structlog.testing.capture_logs() as events, recorded_spans() as spans:
        for filler in FILLERS:
            for question in filler.questions(SCHEMA):
                body = {"query": question.document, "variables": question.variables}
                role = role_for(question)
                if question.document.startswith("subscription"):
                    await mitra.follow(question, role)
                else:
                    await mitra.send(body, role, question.path)
        for odd in ODD:
            await mitra.send(odd)
            await mitra.send(odd, "operator")
        refused = await mitra.client.post(
            "/graphql", json=ODD[0], headers={"authorization": f"Bearer {CANARY}"}
        )

    assert refused.status_code == 401
    mitra.said.append(("a bad token", refused.text))
    assert len(mitra.said) > 200
    assert [what for what, told in mitra.said if CANARY in told] == []
    assert [event for event in map(to_text, events) if CANARY in event] == []
    assert CANARY not in caplog.text
    assert CANARY not in generate_latest(REGISTRY).decode()
    traced = [span.to_json() for span in spans.get_finished_spans()]
    assert len(traced) > 200
    assert [span for span in traced if CANARY in span] == []
    kept = entries(redis_url)
    assert kept
    assert [entry for entry in kept if CANARY.encode() in entry] == []
    got_through = {what for what, told in mitra.said if what and '"data":{' in told}
    assert len(got_through) > 30  # or nothing has been tried


def role_for(question: Question) -> str:
    """Return the role that gets furthest with a question."""
    root = question.document.split()[0].title()
    policy = policy_of(root, question.path.split(".")[0])
    return "operator" if Role.OPERATOR in policy.roles else "learner"


def to_text(logged: MutableMapping[str, Any]) -> str:
    """Return an event with the trace that it would be written with."""
    error = logged.get("exc_info")
    trace = traceback.format_exception(error) if isinstance(error, BaseException) else []
    return f"{logged!r}{''.join(trace)}"


def entries(url: str) -> list[bytes]:
    """Return every key of a Redis and what is kept there."""
    with redis.Redis.from_url(url) as client:
        found = [(key, client.dump(key) or b"") for key in client.scan_iter()]
    return [key + b" " + value for key, value in found]
