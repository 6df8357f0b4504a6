"""The hot path says what the ordinary path says, and leaves to it whatever is unusual."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets
from gateway.telemetry import REGISTRY
from gateway.web.asked import UNREAD
from gateway.web.cors import Cors
from tests.unit.web.again import LONG, PACKED, TITLES, finished
from tests.unit.web.edge import Edge
from tests.unit.web.wire import Served, Wire, get, post

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]


ADDRESS = urlencode(TITLES)
QUOTE = {"query": "{ courses { nodes { offerings { quote { asOf } } } } }"}
OPTIONS = {"cors": Cors(["https://pages.test"])}

SHARED = {
    "post": post(TITLES),
    "json": post(TITLES, accept="application/json"),
    "graphql-json": post(TITLES, accept="application/graphql-response+json"),
    "token": post(TITLES, authorization="Bearer ani"),
    "zstd": PACKED,
    "gzip": post(LONG, accept_encoding="gzip"),
    "get": get(ADDRESS, graphql_require_preflight="1"),
    "get-token": get(ADDRESS, authorization="Bearer ani"),
    "get-not-modified": get(ADDRESS, graphql_require_preflight="1", if_none_match="*"),
    "cors": post(TITLES, origin="https://pages.test"),
    "cors-of-others": post(TITLES, origin="https://others.test"),
    "client": post(TITLES, apollographql_client_name="web"),
    "marked": post(TITLES, x_request_id="abcdefgh-1"),
    "forwarded": post(TITLES, x_forwarded_for="198.51.100.7"),
}
UNSHARED = {
    "viewer": post({"query": "{ me { id } }"}, authorization="Bearer ani"),
    "viewer-nobody": post({"query": "{ me { id } }"}),
    "bad-token": post(TITLES, authorization="Bearer else"),
    "two-tokens": post(TITLES, Authorization="Bearer ani", authorization="Bearer ani"),
    "quote": post(QUOTE),
    "errors": post({"query": '{ courses(after: "nowhere") { totalCount } }'}),
    "cost": post(TITLES, graphql_cost="1"),
    "mutation": post({"query": "mutation { __typename }"}),
    "introspection": post({"query": "{ __schema { queryType { name } } }"}),
    "invalid": post({"query": "{ nothing }"}),
    "no-json": post(b"{"),
    "batch": post([TITLES]),
    "other-page": get(ADDRESS),
    "no-form": post(TITLES, accept="image/png"),
    "no-body-type": post(TITLES, content_type="text/plain"),
    "preflight": post(TITLES).replace(b"POST", b"OPTIONS"),
    "elsewhere": post(TITLES).replace(b"/graphql", b"/elsewhere"),
}


@pytest.fixture
async def wires() -> AsyncIterator[tuple[Wire, Wire]]:
    """Return a connection to the whole, and one to an equal without the hot path."""
    both = [Served(Edge(options=OPTIONS), is_hot=is_hot).connect() for is_hot in (True, False)]
    yield both[0], both[1]
    for wire in both:
        wire.close()


@pytest.mark.parametrize("sent", SHARED.values(), ids=SHARED)
async def test_what_is_given_again_is_what_the_ordinary_path_says(wires, sent):
    hot, ordinary = wires
    expected = [await ordinary.send(sent) for _ in range(3)][-1].lasting
    before = finished()

    replies = [await hot.send(sent) for _ in range(5)]

    assert [each.lasting for each in replies] == [expected] * 5
    assert finished() == before + 3  # it was made, then shared, then finished


@pytest.mark.parametrize("sent", UNSHARED.values(), ids=UNSHARED)
async def test_what_is_not_for_all_takes_the_ordinary_path(wires, sent):
    hot, ordinary = wires
    before = finished()

    for _ in range(3):
        assert (await hot.send(sent)).lasting == (await ordinary.send(sent)).lasting

    assert finished() == before


async def test_each_request_has_an_id_and_a_time_of_its_own(served):
    replies = [await served.connect().send(post(TITLES)) for _ in range(4)]
    marked = [await served.connect().send(SHARED["marked"]) for _ in range(4)]

    assert len({each.headers["x-request-id"] for each in replies}) == 4
    assert {each.headers["x-request-id"] for each in marked} == {"abcdefgh-1"}
    assert all(each.headers["server-timing"].startswith("total;dur=") for each in replies[2:])


async def test_who_has_spent_all_is_refused_on_the_hot_path_too():
    budgets = Budgets(LocalBuckets(clock=lambda: 0.0), points_a_minute=4)
    wire = Served(Edge(budgets=budgets)).connect()
    question = {"query": "{ __typename }"}

    replies = [await wire.send(post(question)) for _ in range(5)]
    other = await Served(Edge(budgets=budgets)).connect("192.0.2.2").send(post(question))

    assert [each.status for each in replies] == [200] * 4 + [429]
    left = [each.headers["ratelimit"].partition(";t=")[0] for each in replies]
    assert left == [f'"client";r={n}' for n in (3, 2, 1, 0, 0)]
    assert other.status == 200


async def test_a_token_that_is_not_good_is_refused_though_the_answer_is_at_hand(served):
    wire = served.connect()
    for _ in range(4):
        await wire.send(SHARED["token"])

    refused = await wire.send(post(TITLES, authorization="Bearer mallory"))

    assert refused.status == 401


async def test_operations_on_the_hot_path_are_counted_like_others(served):
    def count() -> tuple[float, ...]:
        told = {"operation": "other", "kind": "query"}
        return tuple(
            REGISTRY.get_sample_value(name, labels) or 0.0
            for name, labels in (
                ("mitra_operations_total", {**told, "outcome": "ok"}),
                ("mitra_operation_seconds_count", told),
                ("mitra_client_operations_total", {"client": "none", "outcome": "ok"}),
                ("mitra_graphql_requests_total", {"status": "200"}),
            )
        )

    before = count()
    for _ in range(7):
        await served.connect().send(post(TITLES))

    assert [after - each for after, each in zip(count(), before, strict=True)] == [7.0] * 4


def test_no_header_is_left_out_that_anybody_reads():
    ours = {b"traceparent", b"x-request-id"}  # they make the id, for each request
    servers = {b"connection", b"content-length", b"host", b"x-forwarded-for", b"x-forwarded-proto"}
    paths = [path for path in (ROOT / "gateway/web").rglob("*.py") if "streams" not in path.parts]
    code = "".join(path.read_text() for path in paths)
    ways = ('get("{}"', '["{}"]', '== b"{}"', '"{}" in', '"{}" not in')

    for name in UNREAD - ours - servers:
        assert not [way for way in ways if way.format(name.decode()) in code.lower()], name
