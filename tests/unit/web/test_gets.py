"""Questions in an address: who may get them, and what cannot be read."""

import json
from hashlib import sha256

import pytest

from gateway.execution.engine import Engine
from gateway.execution.persisted import PersistedDocuments
from gateway.web.replies import CACHE_PUBLIC
from tests.unit.web.edge import GRAPHQL, PREFLIGHT, Edge, Raw, codes, the_schema

pytestmark = pytest.mark.anyio

TYPENAME = "{ __typename }"


async def test_a_get_is_answered_like_a_post(edge):
    answer = await edge.get(
        {**PREFLIGHT, "Accept": GRAPHQL},
        query="query A($n: Int) { courses(first: $n) { nodes { title } } } query B { __typename }",
        operationName="A",
        variables='{"n": 1}',
        extensions="{}",
    )

    assert (answer.status_code, answer.headers["content-type"]) == (200, GRAPHQL)
    assert len(answer.json()["data"]["courses"]["nodes"]) == 1


@pytest.mark.parametrize(
    "query_string",
    [
        "query=%ff",
        "query=%7B__typename%7D&query=%7B__typename%7D",
        "query=%7B__typename%7D&variables=%7B",
        "query=%7B__typename%7D&variables=[]",
        "query=%7B__typename%7D&extensions=NaN",
        "&".join(f"a{n}=1" for n in range(100)),
    ],
)
async def test_a_get_that_cannot_be_read_is_400(edge, query_string):
    exchange = Raw(
        edge.app,
        method="GET",
        query_string=query_string.encode(),
        headers=[(b"graphql-require-preflight", b"1")],
    )

    await exchange.task

    assert exchange.status == 400
    assert b"BAD_REQUEST" in exchange.sent[1]["body"]


KNOWN = sha256(TYPENAME.encode()).hexdigest()
PERSISTED = {"version": 1, "sha256Hash": KNOWN}


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": "typename"},
        {"documentId": f"sha256:{KNOWN}"},
        {"doc_id": "typename"},
        {"extensions": json.dumps({"persistedQuery": PERSISTED})},
    ],
    ids=["ours", "hash", "relay", "apollo"],
)
async def test_any_page_and_any_cache_may_get_what_a_known_document_asks(named):
    documents = PersistedDocuments({"typename": TYPENAME})
    edge = Edge(engine=Engine(the_schema(), documents=documents))
    answer = await edge.get(**named)

    assert answer.json() == {"data": {"__typename": "Query"}}
    assert answer.headers["cache-control"] == CACHE_PUBLIC


async def test_an_unknown_document_is_told_as_apollo_knows_it(edge):
    answer = await edge.get(extensions=json.dumps({"persistedQuery": PERSISTED}))

    assert (answer.status_code, codes(answer)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
    assert answer.json()["errors"][0]["message"] == "PersistedQueryNotFound"


@pytest.mark.parametrize("headers", [{}, PREFLIGHT], ids=["simple", "preflighted"])
@pytest.mark.parametrize("variables", ["", "($missing: Boolean!)"], ids=["right", "wrong"])
async def test_a_get_never_mutates_whatever_its_variables_are(edge, headers, variables):
    used = " @skip(if: $missing)" * bool(variables)
    text = f"mutation M{variables} {{ __typename{used} }}"
    answer = await edge.get(headers, query=text)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert codes(answer) == ["METHOD_NOT_ALLOWED"]
