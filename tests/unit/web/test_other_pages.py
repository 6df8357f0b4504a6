"""Pages of others: what they can make a browser send runs nothing, what they may read is listed."""

import pytest

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets
from gateway.web.cors import Cors
from tests.unit.web.edge import JSON, PREFLIGHT, Edge, codes

pytestmark = pytest.mark.anyio

APP = "https://app.example.id"
EVIL = "https://evil.example"
TYPENAME = "{ __typename }"


@pytest.fixture(scope="module")
def edge():
    return Edge(options={"cors": Cors([APP])})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": EVIL},
        {"Content-Type": "text/plain"},
        {"Content-Type": "nonsense"},
        {"Authorization": "Basic x"},
        {"GraphQL-Require-Preflight": ""},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Mode": "cors", "Origin": EVIL},
        {"Sec-Fetch-Mode": "no-cors"},
    ],
    ids=str,
)
async def test_a_get_that_any_page_can_cause_runs_nothing(headers):
    edge = Edge()
    answer = await edge.get(headers, query=TYPENAME)

    assert answer.status_code in {400, 401}
    assert codes(answer) in (["CSRF_PREVENTED"], ["UNAUTHENTICATED"])
    assert edge.contexts == 0


async def test_what_other_pages_have_us_read_is_paid_for():
    edge = Edge(budgets=Budgets(LocalBuckets(clock=lambda: 0.0), points_a_minute=2))

    answers = [await edge.get({}, query=TYPENAME) for _ in range(3)]

    assert [each.status_code for each in answers] == [400, 400, 429]
    assert [each.headers["ratelimit"].partition(";t=")[0] for each in answers] == [
        '"client";r=1',
        '"client";r=0',
        '"client";r=0',
    ]


@pytest.mark.parametrize(
    "headers",
    [
        PREFLIGHT,
        {"Apollo-Require-Preflight": "true"},
        {"X-Apollo-Operation-Name": "A"},
        {"Content-Type": JSON},
        {"Authorization": "Bearer ani"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Mode": "cors"},
    ],
    ids=str,
)
async def test_a_get_that_no_other_page_can_cause_is_answered(edge, headers):
    assert (await edge.get(headers, query=TYPENAME)).status_code == 200


async def test_a_listed_page_is_given_leave_and_may_read(edge):
    asked = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    leave = await edge.send("OPTIONS", headers=asked)
    answer = await edge.send(json={"query": TYPENAME}, headers={"Origin": APP})

    assert leave.status_code == 204
    allowed = leave.headers["access-control-allow-headers"].split(", ")
    assert {"content-type", "authorization", "x-request-id", "tracestate"} <= set(allowed)
    assert leave.headers["access-control-allow-methods"] == "GET, POST"
    assert answer.headers["access-control-allow-origin"] == APP
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_another_page_is_given_none(edge):
    asked = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}
    leave = await edge.send("OPTIONS", headers=asked)
    answer = await edge.send(json={"query": TYPENAME}, headers={"Origin": EVIL})

    assert (leave.status_code, codes(leave)) == (403, ["ORIGIN_NOT_ALLOWED"])
    for each in (leave, answer):
        assert not any(name.startswith("access-control") for name in each.headers)


@pytest.mark.parametrize("query", [TYPENAME, "{"])
async def test_a_listed_page_may_read_refusals_and_streams_too(edge, query):
    headers = {"Origin": APP, "Accept": "text/event-stream"}
    stream = await edge.send(json={"query": query}, headers=headers)
    refused = await edge.send(json={}, headers={"Origin": APP})

    assert stream.headers["access-control-allow-origin"] == APP
    assert refused.headers["access-control-allow-origin"] == APP


async def test_another_page_may_not_begin_a_stream_beside_json_either(edge):
    accept = {"Accept": "application/json, text/event-stream"}
    refused = await edge.get(accept, query="subscription { syncProgress { finished } }")

    assert (refused.status_code, codes(refused)) == (400, ["CSRF_PREVENTED"])


async def test_any_page_may_be_let_in_but_not_with_cookies():
    edge = Edge(options={"cors": Cors(["*"])})
    answer = await edge.send(json={"query": TYPENAME}, headers={"Origin": EVIL})

    assert answer.headers["access-control-allow-origin"] == "*"
    with pytest.raises(ValueError, match="credentials"):
        Cors(["*"], credentials=True)
