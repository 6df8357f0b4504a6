"""Who shares a finished answer, and who never does."""

import json

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from gateway.cache.memory import MemoryCache
from gateway.execution.answers import SharedAnswers

pytestmark = pytest.mark.anyio


class Asked:
    """An application that counts how often it is asked, and answers with that number."""

    def __init__(self, status=200):
        self.times = 0
        self.epoch = "1.1"
        self.status = status
        self.cache = MemoryCache()

    async def __call__(self, scope, receive, send):
        self.times += 1
        body = await Request(scope, receive).body()
        said = {"times": self.times, "heard": len(body)}
        await JSONResponse(said, self.status)(scope, receive, send)

    def client(self):
        shared = SharedAnswers(self, self.cache, lambda: self.epoch)
        return httpx.AsyncClient(transport=httpx.ASGITransport(shared), base_url="http://mitra")


QUESTION = {"query": "{ courses { totalCount } }"}


async def test_equal_anonymous_questions_are_asked_once():
    app = Asked()

    async with app.client() as client:
        answers = [await client.post("/graphql", json=QUESTION) for _ in range(5)]

    assert app.times == 1
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].headers["content-type"] == "application/json"


async def test_a_question_reaches_the_application_whole():
    app = Asked()

    async with app.client() as client:
        answer = await client.post("/graphql", json=QUESTION)

    assert answer.json()["heard"] == len(answer.request.content)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"json": {**QUESTION, "variables": {"a": 1}}}, id="other-variables"),
        pytest.param({"json": QUESTION, "headers": {"Accept": "text/plain"}}, id="other-form"),
    ],
)
async def test_different_questions_are_asked_separately(other):
    app = Asked()

    async with app.client() as client:
        await client.post("/graphql", json=QUESTION)
        await client.post("/graphql", **other)

    assert app.times == 2


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"json": QUESTION, "headers": {"Authorization": "Bearer x"}}, id="viewer"),
        pytest.param({"json": {"query": "mutation { enrol }"}}, id="mutation"),
        pytest.param(
            {
                "content": json.dumps({"query": "mutation { x }"}).replace("mu", "\\u006du"),
                "headers": {"Content-Type": "application/json"},
            },
            id="mutation-in-disguise",
        ),
        pytest.param(
            {"json": {"query": "{ courses { nodes { q: quote { price } } } }"}}, id="quote"
        ),
        pytest.param(
            {
                "content": json.dumps({"query": "{ quote }"}).replace("qu", "\\u0071u"),
                "headers": {"Content-Type": "application/json"},
            },
            id="quote-in-disguise",
        ),
        pytest.param({"json": [QUESTION]}, id="batch"),
        pytest.param(
            {"content": b"{", "headers": {"Content-Type": "application/json"}}, id="not-json"
        ),
        pytest.param({"content": b"query=x"}, id="form"),
        pytest.param({"json": {**QUESTION, "pad": "x" * 200_000}}, id="very-long"),
    ],
)
async def test_what_is_not_surely_public_is_never_shared(request_):
    app = Asked()

    async with app.client() as client:
        for _ in range(2):
            await client.post("/graphql", **request_)

    assert app.times == 2


async def test_a_new_revision_is_seen_at_once():
    app = Asked()

    async with app.client() as client:
        await client.post("/graphql", json=QUESTION)
        app.epoch = "2.1"
        await client.post("/graphql", json=QUESTION)

    assert app.times == 2


async def test_a_failure_of_the_server_is_not_kept():
    app = Asked(status=503)

    async with app.client() as client:
        answers = [await client.post("/graphql", json=QUESTION) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert app.times == 2


async def test_garbage_in_the_cache_is_a_miss():
    app = Asked()

    async with app.client() as client:
        await client.post("/graphql", json=QUESTION)
        [key] = app.cache._entries
        await app.cache.set(key, b"garbage", ttl=60)
        answer = await client.post("/graphql", json=QUESTION)

    assert answer.json()["times"] == 2
