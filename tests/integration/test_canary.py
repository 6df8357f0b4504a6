"""A national id sent through every input is in no log, metric, trace, cache and answer."""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from itertools import product

import httpx
import pytest
import redis
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.app import Gateway
from gateway.asgi import create_app
from gateway.identity.development import issue_token
from gateway.settings import Profile, Settings
from gateway.telemetry import configure_logging, traces
from schema.model.viewer import Role

pytestmark = pytest.mark.anyio

NIK = "3201010101900001"
DOCUMENTS = [
    NIK,
    f"{{ _{NIK} }}",
    f"query _{NIK} {{ __typename }}",
    f'{{ courses(search: "{NIK}") {{ totalCount nodes {{ id title }} }} }}',
    f'{{ course(id: "{NIK}") {{ id }} }}',
    f"{{ courses(first: {NIK}) {{ totalCount }} }}",
    f"{{ __typename @_{NIK} }}",
    f"{{ ..._{NIK} }}",
    "query ($a: String!) { courses(search: $a) { totalCount } }",
    "query ($a: ID!) { node(id: $a) { id } }",
    "query ($a: Int!) { courses(first: $a) { totalCount } }",
    """mutation ($a: ID!) { enrol(input: {offeringId: $a, idempotencyKey: $a}) {
      enrolment { id } userErrors { code message } } }""",
]
HEADERS = [
    {},
    {"X-Request-Id": f"nik-{NIK}", "apollographql-client-name": NIK},
    {"traceparent": f"00-{NIK}-{NIK}-01", "User-Agent": NIK, "X-Forwarded-For": NIK},
    {"Authorization": f"Bearer {NIK}"},
    {"Authorization": f"Bearer {NIK}.{NIK}.{NIK}", "Cookie": f"nik={NIK}"},
]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(traces, "_tracer", lambda: provider.get_tracer("mitra"))
    yield exporter
    provider.shutdown()


@pytest.fixture
async def client(tmp_path, redis_url) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(profile=Profile.DEVELOPMENT, data_dir=tmp_path, redis_url=redis_url)
    gateway = Gateway(settings)
    transport = httpx.ASGITransport(create_app(settings, gateway), raise_app_exceptions=False)
    learner = {"Authorization": f"Bearer {issue_token(tmp_path, Role.LEARNER, 'siti')}"}
    configure_logging("json")
    async with (
        gateway.opened(loaded=True),
        httpx.AsyncClient(transport=transport, base_url="http://mitra.test") as http,
    ):
        http.headers["X-Learner"] = learner["Authorization"]
        yield http
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


async def test_a_national_id_is_repeated_nowhere(client, spans, capsys, redis_url):
    told = [text async for text in _asked(client)]
    metrics = (await client.get("/metrics")).text
    logs = capsys.readouterr().err
    traced = "".join(span.to_json() for span in spans.get_finished_spans())
    with redis.Redis.from_url(redis_url) as cache:
        kept = [b"%b %b" % (key, cache.dump(key)) for key in cache.scan_iter()]

    assert len(told) > 100
    assert logs.count("graphql.answered") > 100
    assert traced.count("mitra.outcome") > 100
    assert [text for text in told if NIK in text] == []
    assert NIK not in metrics
    assert NIK not in logs
    assert NIK not in traced
    assert not any(NIK.encode() in each for each in kept)


async def _asked(client: httpx.AsyncClient) -> AsyncIterator[str]:
    token = client.headers.pop("X-Learner")
    for document, headers in product(DOCUMENTS, [*HEADERS, {"Authorization": token}]):
        for value in (NIK, int(NIK)):
            question = {"query": document, "variables": {"a": value}}
            yield _text(await client.post("/graphql", json=question, headers=headers))
    for path in (f"/{NIK}", f"/courses/{NIK}", f"/graphql?query={NIK}", f"/graphql?id={NIK}"):
        yield _text(await client.get(path, headers={"Accept": "text/html"}))
    for body in (NIK, json.dumps(NIK), json.dumps({NIK: NIK}), json.dumps({"query": [NIK]})):
        headers = {"Content-Type": "application/json"}
        yield _text(await client.post("/graphql", content=body, headers=headers))
    yield _text(await client.post("/explorer/open", data={"token": NIK}))


def _text(answer: httpx.Response) -> str:
    return f"{answer.headers} {answer.text}"
