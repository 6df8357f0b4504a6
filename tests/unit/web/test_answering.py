"""What answers are made of, what ends them, and what may be kept by those who read them."""

import asyncio
import gzip
from dataclasses import replace

import psycopg
import pytest
from backports import zstd
from graphql import ExecutionResult
from sqlalchemy.exc import OperationalError

from gateway.execution.packing import LONGEST_AT_ONCE, SMALLEST
from gateway.web.replies import CACHE_NEVER, CACHE_PUBLIC
from tests.unit.schema.api import Api
from tests.unit.schema.fakes import a_course
from tests.unit.web.asked import QUOTE, TITLES, TOKEN
from tests.unit.web.edge import GONE, PREFLIGHT, Edge, Raw, chunk

pytestmark = pytest.mark.anyio


@pytest.fixture
def slow(monkeypatch):
    """An edge whose operations take for ever; `edge.ended` is set when one is given up."""
    edge = Edge()
    edge.begun, edge.ended = asyncio.Event(), asyncio.Event()

    async def run(*_):
        edge.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            edge.ended.set()

    monkeypatch.setattr(edge.engine, "run", run, raising=False)
    monkeypatch.setattr("gateway.web.running.PATIENCE_SECONDS", 0)
    return edge


async def test_a_public_get_may_be_kept_by_anybody_for_two_seconds(edge):
    answer = await edge.get(PREFLIGHT, query=TITLES)

    assert answer.headers["cache-control"] == CACHE_PUBLIC
    assert {"Accept", "Authorization", "Accept-Encoding"} <= set(answer.headers["vary"].split(", "))


async def test_who_has_an_answer_is_not_sent_it_again(edge):
    first = await edge.get(PREFLIGHT, query=TITLES)
    etag = first.headers["etag"]
    known = {**PREFLIGHT, "If-None-Match": f'"other", {etag}', "Accept-Encoding": "gzip"}
    again = await edge.get(known, query=TITLES)

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    assert again.headers["cache-control"] == CACHE_PUBLIC
    assert again.headers["vary"] == first.headers["vary"]


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "POST", "json": {"query": TITLES}},
        {"method": "GET", "params": {"query": TITLES}, "headers": TOKEN},
        {"method": "GET", "params": {"query": QUOTE}, "headers": PREFLIGHT},
        {"method": "GET", "params": {"query": "{"}, "headers": PREFLIGHT},
        {"method": "GET", "params": {"query": TITLES}},
        {"method": "PUT"},
        {
            "method": "GET",
            "params": {"query": TITLES},
            "headers": {**PREFLIGHT, "GraphQL-Cost": "1"},
        },
    ],
    ids=["post", "viewer", "quote", "refused", "csrf", "method", "cost"],
)
async def test_everything_else_is_kept_by_nobody(edge, request_):
    answer = await edge.send(**request_)

    assert answer.headers["cache-control"] == CACHE_NEVER
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("accepted", "encoding", "unpacked"),
    [
        ("gzip", "gzip", gzip.decompress),
        ("gzip, deflate, br, zstd", "zstd", zstd.decompress),
        ("zstd;q=0.1, gzip", "gzip", gzip.decompress),
        ("*", "zstd", zstd.decompress),
        ("identity", None, bytes),
        ("gzip;q=0", None, bytes),
        ("br", None, bytes),
        (None, None, bytes),
    ],
)
@pytest.mark.parametrize("token", [{}, TOKEN], ids=["public", "viewer"])
async def test_answers_are_packed_as_the_client_likes(accepted, encoding, unpacked, token):
    edge = Edge(answering={"may_introspect": lambda _: True})
    headers = [(b"content-type", b"application/json")]
    headers += [(name.lower().encode(), value.encode()) for name, value in token.items()]
    if accepted:
        headers.append((b"accept-encoding", accepted.encode()))
    question = b'{"query": "{ __schema { types { name description } } }"}'
    exchange = Raw(edge.app, chunk(question), headers=headers)

    await exchange.task

    told, body = dict(exchange.sent[0]["headers"]), exchange.sent[1]["body"]
    assert told.get(b"content-encoding", b"").decode() == (encoding or "")
    assert int(told[b"content-length"]) == len(body)
    assert unpacked(body).startswith(b'{"data":')
    assert len(unpacked(body)) > SMALLEST


async def test_small_answers_are_sent_as_they_are(edge):
    answer = await edge.send(json={"query": "{ __typename }"}, headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in answer.headers


async def test_a_long_answer_is_packed_beside_the_loop(monkeypatch):
    beside = []

    async def to_thread(work, *arguments):
        beside.append(len(arguments[0]))
        return work(*arguments)

    monkeypatch.setattr("gateway.execution.packing.asyncio.to_thread", to_thread)
    edge = Edge(Api([replace(a_course(), summary="x" * LONGEST_AT_ONCE)]))
    await edge.send(json={"query": TITLES}, headers={"Accept-Encoding": "gzip"})

    assert [size > LONGEST_AT_ONCE for size in beside] == [True]


async def test_the_answer_says_what_took_how_long_outside_its_body(edge):
    answer = await edge.ask("{ __typename }")

    parts = [part.partition(";dur=") for part in answer.headers["server-timing"].split(", ")]
    assert [name for name, _, _ in parts] == ["prepare", "run", "encode", "total"]
    assert all(float(milliseconds) >= 0 for _, _, milliseconds in parts)


async def test_who_asks_for_the_cost_is_told_it(edge):
    answer = await edge.send(json={"query": TITLES}, headers={"GraphQL-Cost": "1"})

    assert set(answer.json()["extensions"]["cost"]) == {"requested", "limit"}
    assert "extensions" not in (await edge.ask(TITLES)).json()


async def test_who_goes_ends_what_ran_for_them(slow):
    others = asyncio.all_tasks()
    question = chunk(b'{"query": "{ me { __typename } }"}')
    headers = [(b"content-type", b"application/json"), (b"authorization", b"Bearer ani")]
    exchange = Raw(slow.app, question, headers=headers)
    await slow.begun.wait()

    exchange.messages.put_nowait(GONE)
    await asyncio.wait_for(exchange.task, 1)

    assert slow.ended.is_set()
    assert exchange.sent == []
    assert slow.seen[-1].is_gone
    assert asyncio.all_tasks() == others


async def test_who_goes_while_sending_runs_nothing(edge):
    exchange = Raw(edge.app, chunk(b"{", more=True), GONE)
    await exchange.task

    assert (exchange.sent, edge.contexts) == ([], 0)


async def test_a_mutation_that_has_begun_is_done_whoever_goes(edge, monkeypatch):
    begun, going = asyncio.Event(), asyncio.Event()

    async def run(*_):
        begun.set()
        await going.wait()
        return ExecutionResult({"done": True})

    monkeypatch.setattr(edge.engine, "run", run, raising=False)
    monkeypatch.setattr("gateway.web.running.PATIENCE_SECONDS", 0)
    exchange = Raw(edge.app, chunk(b'{"query": "mutation { __typename }"}'), GONE)
    await begun.wait()
    going.set()
    await exchange.task

    assert exchange.sent[1]["body"] == b'{"data":{"done":true}}'


async def test_a_change_that_cannot_be_written_is_503_and_told_when_to_come_again(monkeypatch):
    edge = Edge(api=Api())

    async def fail(_request):
        raise OperationalError("INSERT", None, psycopg.OperationalError("connection refused"))

    monkeypatch.setattr(edge.api.enrolments, "enrol", fail)
    enrol = '{0}: enrol(input: {{offeringId: "x", idempotencyKey: "{0}"}}) {{ __typename }}'
    async with edge.client() as client:
        client.headers["Authorization"] = "Bearer ani"
        one = await client.post("/graphql", json={"query": f"mutation {{ {enrol.format('a')} }}"})
        both = f"mutation {{ {enrol.format('a')} {enrol.format('b')} }}"
        several = await client.post("/graphql", json={"query": both})

    assert (one.status_code, one.headers["retry-after"]) == (503, "5")
    assert one.headers["cache-control"] == "private, no-store"
    [error] = one.json()["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert "refused" not in one.text
    assert several.status_code == 200  # some may stand: nobody should send them again unasked


async def test_what_is_seen_of_a_request_are_names_and_codes(edge):
    await edge.ask("query Titles { courses { totalCount } }")
    await edge.ask("query Titles { courses { totalCount } }")
    await edge.send(json=[])

    one, shared, refused = edge.seen
    assert (one.name, one.kind, one.is_refused) == ("Titles", "query", False)
    assert (shared.name, shared.kind) == ("Titles", "query")
    assert (refused.codes, refused.is_refused) == (("BAD_REQUEST",), True)
