"""Which answers are shared, and with whom."""

import pytest

from schema.model.viewer import ANONYMOUS
from tests.unit.web.asked import ME, QUOTE, TITLES, TOKEN
from tests.unit.web.edge import ANI, GRAPHQL, JSON, PREFLIGHT, Edge, codes

pytestmark = pytest.mark.anyio
SOME = "query Some($n: Int = 3) {\n  courses(first: $n) { nodes { title } }\n}"


async def test_equal_public_questions_are_run_once(edge):
    answers = [await edge.ask(TITLES) for _ in range(4)]

    assert edge.contexts == 1
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["content-type"] for answer in answers} == {GRAPHQL}


async def test_a_new_epoch_is_a_new_answer(edge):
    await edge.ask(TITLES)
    edge.epoch = "2.1"
    await edge.ask(TITLES)

    assert edge.contexts == 2


@pytest.mark.parametrize(
    "other",
    [
        {"json": {"query": SOME, "variables": {"n": 3}}, "headers": {"Accept": JSON}},
        {"json": {"query": SOME}},
        {"json": {"variables": {"other": True, "n": 3}, "query": f"# again\n{SOME}"}},
        {"json": {"query": " ".join(SOME.split()), "operationName": "Some"}},
        {"method": "GET", "params": {"query": SOME}, "headers": PREFLIGHT},
    ],
    ids=["form", "default", "undeclared", "spaces", "get"],
)
async def test_equal_questions_written_differently_are_run_once(edge, other):
    one = await edge.ask(SOME, variables={"n": 3})
    again = await edge.send(**other)

    assert edge.contexts == 1
    assert again.content == one.content


@pytest.mark.parametrize(
    "other",
    [
        {"json": {"query": SOME, "variables": {"n": 2}}},
        {"json": {"query": SOME, "variables": {"n": 3}}, "headers": {"GraphQL-Cost": "1"}},
        {"json": {"query": SOME.replace("title", "id"), "variables": {"n": 3}}},
        {"json": {"query": SOME.replace("title", "a: title"), "variables": {"n": 3}}},
    ],
    ids=["variables", "cost", "fields", "alias"],
)
async def test_different_questions_are_run_separately(edge, other):
    await edge.ask(SOME, variables={"n": 3})
    await edge.send(**other)

    assert edge.contexts == 2


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {"query": ME}, "headers": TOKEN},
        {"json": {"query": "mutation { __typename }"}},
        {"json": {"query": QUOTE}},
        {"content": b'{"query": "%s"}' % QUOTE.replace("quote", "\\u0071uote").encode()},
        {
            "json": {
                "query": "query A { __typename } mutation B { __typename }",
                "operationName": "B",
            }
        },
        {"json": {"query": TITLES, "extensions": {"pad": "x" * 200_000}}},
    ],
    ids=["viewer", "mutation", "quote", "quote-in-disguise", "one-of-two", "very-long"],
)
async def test_what_is_not_public_is_run_each_time(edge, request_):
    headers = {"Content-Type": JSON, "Accept": JSON, **request_.pop("headers", {})}
    for _ in range(2):
        answer = await edge.send(**request_, headers=headers)
        assert answer.json()["data"]

    assert edge.contexts == 2


async def test_who_has_signed_in_shares_public_answers_made_for_nobody(edge, monkeypatch):
    viewers = []
    monkeypatch.setattr(edge.api, "context", viewers.append)
    for headers in (TOKEN, {}, TOKEN):
        await edge.send(json={"query": "{ __typename }"}, headers=headers)

    assert viewers == [ANONYMOUS]


async def test_what_some_may_read_of_the_schema_is_never_shared():
    edge = Edge(answering={"may_introspect": lambda viewer: viewer == ANI})
    question = {"query": "{ __schema { queryType { name } } }"}
    allowed = await edge.send(json=question, headers=TOKEN)
    refused = await edge.send(json=question)

    assert allowed.json()["data"]
    assert codes(refused) == ["INTROSPECTION_DISABLED"]


async def test_who_may_not_introspect_is_refused_whoever_has_sent_the_same_before():
    edge = Edge(answering={"may_introspect": lambda viewer: viewer == ANI})
    text = "query A { partners { name } } query B { __schema { queryType { name } } }"
    question = {"query": text, "operationName": "A"}
    for _ in range(2):
        assert (await edge.send(json=question, headers=TOKEN)).json()["data"]

    assert codes(await edge.send(json=question)) == ["INTROSPECTION_DISABLED"]


async def test_refusals_are_never_shared_nor_run(edge):
    for _ in range(2):
        assert (await edge.ask("{")).status_code == 400

    assert edge.contexts == 0
