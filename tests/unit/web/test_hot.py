"""The hot path says what the ordinary path says, and leaves to it whatever is unusual."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets
from gateway.telemetry import REGISTRY
from gateway.web.asked import UNREAD
from gateway.web.cors import Cors
from tests.unit.schema.api import Api
from tests.unit.schema.fakes import a_course
from tests.unit.web.edge import Edge
from tests.unit.web.wire import Served, Wire, get, post

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
TITLES = {"query": "query Titles { courses { nodes { title summary offerings { url } } } }"}
LONG = {
    "query": "{ courses { nodes { id title summary languages deliveryModes institution { id name } "
    "offerings { id url remoteId bundle enrolmentMode price { amount currency } } } } }"
}
FIRST = {"query": "query ($first: Int!) { courses(first: $first) { nodes { title } } }"}
ADDRESS = urlencode(TITLES)
QUOTE = {"query": "{ courses { nodes { offerings { quote { asOf } } } } }"}
OPTIONS = {"cors": Cors(["https://pages.test"])}

SHARED = {
    "post": post(TITLES),
    "json": post(TITLES, accept="application/json"),
    "graphql-json": post(TITLES, accept="application/graphql-response+json"),
    "token": post(TITLES, authorization="Bearer ani"),
    "zstd": post(LONG, accept_encoding="gzip, zstd"),
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


def finished() -> float:
    """Return how many answers the hot path gave."""
    told = {"cache": "answers", "outcome": "finished"}
    return REGISTRY.get_sample_value("mitra_cache_reads_total", told) or 0.0


@pytest.fixture
async def wires() -> AsyncIterator[tuple[Wire, Wire]]:
    """Return a connection to the whole, and one to an equal without the hot path."""
    both = [Served(Edge(options=OPTIONS), is_hot=is_hot).connect() for is_hot in (True, False)]
    yield both[0], both[1]
    for wire in both:
        wire.close()


@pytest.fixture
def served() -> Served:
    return Served(Edge())


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


async def test_the_catalogues_next_revision_is_seen_at_once(served):
    wire = served.connect()
    for _ in range(4):
        await wire.send(post(TITLES))

    served.edge.epoch = "2.1"
    await wire.send(post(TITLES))

    assert served.edge.contexts == 2


QUESTIONS = [{"query": f"{{ courses(first: {n}) {{ nodes {{ title }} }} }}"} for n in (1, 2, 3)]


async def test_a_new_revision_under_load_runs_each_question_once(served):
    wires = [(served.connect(), question) for question in QUESTIONS for _ in range(30)]
    for wire, question in wires:
        await wire.send(post(question))
    before = served.edge.contexts

    served.edge.epoch = "2.1"
    await asyncio.gather(*(wire.send(post(question)) for wire, question in wires))
    await asyncio.gather(*(wire.send(post(question)) for wire, question in wires))

    assert (before, served.edge.contexts) == (3, 6)


async def test_while_some_are_made_anew_others_get_what_was_there_before(served, monkeypatch):
    wires = [(served.connect(), question) for question in QUESTIONS for _ in range(3)]
    for wire, question in wires:
        await wire.send(post(question))
    go_on, run = asyncio.Event(), type(served.edge.engine).run

    async def run_later(prepared, context):
        await go_on.wait()
        return await run(served.edge.engine, prepared, context)

    monkeypatch.setattr(served.edge.engine, "run", run_later, raising=False)
    served.edge.epoch, served.edge.former = "2.1", "1"
    for wire, question in wires[:6:3]:  # two questions of three
        wire.protocol.data_received(post(question))
    await asyncio.sleep(0.01)

    at_once = await wires[-1][0].send(post(wires[-1][1]))
    served.edge.former = ""  # what is shown must not be any more, or for too long
    with pytest.raises(AssertionError, match="no answer"):
        await wires[-1][0].send(post(wires[-1][1]))
    go_on.set()

    assert at_once.status == 200


CHANGED = {"post": post(LONG), "zstd": SHARED["zstd"], "get": SHARED["get"]}


@pytest.mark.parametrize("sent", CHANGED.values(), ids=CHANGED)
async def test_what_was_made_anew_in_the_background_is_given_as_the_ordinary_path_says_it(sent):
    served, after = Served(Edge()), Edge(api=Api([a_course(7), a_course(8)]))
    ordinary, wire = Served(after, is_hot=False).connect(), served.connect()
    before = [(await wire.send(sent)).lasting for _ in range(4)][-1]
    expected = [(await ordinary.send(sent)).lasting for _ in range(3)][-1]

    served.edge.epoch, served.edge.former, served.edge.api = "2.1", "1", after.api
    at_once = (await wire.send(sent)).lasting
    for _ in range(20):
        await asyncio.sleep(0)
    replies = [(await wire.send(sent)).lasting for _ in range(3)]

    assert at_once == before != expected
    assert replies == [expected] * 3
    assert served.edge.contexts == 2


async def test_what_says_the_same_after_a_revision_never_leaves_the_hot_path(served):
    wire, sent = served.connect(), SHARED["zstd"]
    for _ in range(4):
        await wire.send(sent)
    before = finished()

    served.edge.epoch, served.edge.former = "2.1", "1"
    for _ in range(5):
        await wire.send(sent)
        await asyncio.sleep(0.001)

    assert (finished(), served.edge.contexts) == (before + 5, 2)


async def test_how_partners_stand_matters_to_those_alone_who_ask_it(served):
    wire, coverage = served.connect(), {"query": "{ courses { coverage { complete } } }"}
    for question in (TITLES, coverage) * 4:
        await wire.send(post(question))

    served.edge.epoch = "1.2"
    for question in (TITLES, coverage):
        await wire.send(post(question))

    assert served.edge.contexts == 3


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


async def test_what_is_made_anew_is_paid_for_once_and_first():
    budgets = Budgets(LocalBuckets(clock=lambda: 0.0), points_a_minute=6)
    served = Served(Edge(budgets=budgets))
    wire, question = served.connect(), post({"query": "{ __typename }"})
    for _ in range(4):
        await wire.send(question)

    replies = []
    for revision in "234":
        served.edge.epoch = f"{revision}.1"
        replies.append(await wire.send(question))

    left = [each.headers["ratelimit"].partition(";t=")[0] for each in replies]
    assert left == [f'"client";r={n}' for n in (1, 0, 0)]
    assert [each.status for each in replies] == [200, 200, 429]
    assert served.edge.contexts == 3  # and nothing was run for who could not pay


async def test_what_cannot_be_made_anew_is_told_by_the_ordinary_path(served, monkeypatch):
    wire = served.connect()
    for _ in range(4):
        await wire.send(post(TITLES))

    async def fail(*_: object) -> None:
        raise RuntimeError("nobody is told this")

    monkeypatch.setattr(served.edge.engine, "run", fail, raising=False)
    served.edge.epoch = "2.1"
    reply = await wire.send(post(TITLES))

    assert (reply.status, b"nobody" in reply.body) == (500, False)


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


async def test_a_process_that_is_about_to_stop_says_so_to_every_client(served):
    wire = served.connect()
    for _ in range(4):
        await wire.send(post(TITLES))

    served.draining.is_draining = True
    reply = await wire.send(post(TITLES))

    assert reply.headers["connection"] == "close"
    assert wire.transport.is_closed


async def test_a_request_in_pieces_is_answered_the_same(served):
    sent = post(TITLES)
    whole = [await served.connect().send(sent) for _ in range(4)][-1]

    pieces = await served.connect().send(sent[:40], sent[40:-20], sent[-20:])

    assert pieces.lasting == whole.lasting


async def test_a_body_that_comes_right_after_its_headers_is_waited_for(served):
    sent = post(TITLES)
    whole = [await served.connect().send(sent) for _ in range(4)][-1]
    wire, before = served.connect(), finished()

    for piece in (sent[:-60], sent[-60:-20]):
        wire.protocol.data_received(piece)
        await asyncio.sleep(0.005)
    reply = await wire.send(sent[-20:])

    assert (reply.lasting, finished()) == (whole.lasting, before + 1)


async def test_a_head_alone_is_never_answered_whatever_body_came_with_it_before(served):
    wire = served.connect()
    asked = [post({"query": f"{{ courses {{ nodes {{ {name}: id }} }} }}"}) for name in "ab"]
    (head, one), (other, another) = (each.split(b"\r\n\r\n") for each in asked)
    assert head == other

    replies = [
        await wire.send(head + b"\r\n\r\n", body) for _ in range(5) for body in (one, another)
    ]

    assert [each.status for each in replies] == [200] * 10
    assert [b'"a"' in each.body for each in replies] == [True, False] * 5


async def test_a_body_that_comes_late_takes_the_ordinary_path(served, monkeypatch):
    monkeypatch.setattr("gateway.web.server.door.SOON", 0.0)
    sent = post(TITLES)
    whole = [await served.connect().send(sent) for _ in range(4)][-1]
    wire, before = served.connect(), finished()

    wire.protocol.data_received(sent[:-20])
    await asyncio.sleep(0.01)
    reply = await wire.send(sent[-20:])

    assert (reply.lasting, finished()) == (whole.lasting, before)


async def test_requests_that_come_together_are_answered_one_by_one(served):
    sent = post(TITLES)
    one = [await served.connect().send(sent) for _ in range(4)][-1]
    wire = served.connect()

    for _ in range(3):
        wire.transport.written.clear()
        wire.protocol.data_received(sent + sent)
        wire.protocol.data_received(sent)
        for _ in range(200):
            await asyncio.sleep(0)
        assert bytes(wire.transport.written).count(one.body) == 3


async def test_a_client_that_wants_no_more_is_told_that_the_connection_ends(served):
    sent = post(TITLES, connection="close")
    for _ in range(4):
        wire = served.connect()
        assert (await wire.send(sent)).headers["connection"] == "close"
        assert wire.transport.is_closed


async def test_what_is_kept_is_bounded_by_bytes(served, monkeypatch):
    kept, sent = served.hot._finished, served.hot._sent
    for each, most in ((kept, 60_000), (sent, 50_000)):
        monkeypatch.setattr(each, "_most_size", most)
    for n in range(8):
        for _ in range(3):
            question = {"query": "{ __typename }", "extensions": {"n": n, "pad": "x" * 20_000}}
            await served.connect().send(post(question))

    assert (len(kept), len(sent)) == (2, 1)  # the questions' own bytes count, too


async def test_of_a_stream_no_more_is_kept_than_tells_that_it_is_one(served, monkeypatch):
    watched = []

    async def stream(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(50):
            await send({"type": "http.response.body", "body": b"x" * 9, "more_body": True})
        watched.extend(send.__closure__)
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(served.hot, "_app", stream)
    served.connect().protocol.data_received(post(TITLES))
    await asyncio.sleep(0.01)

    assert [len(c.cell_contents) for c in watched if isinstance(c.cell_contents, list)] == [3]


async def test_what_has_answered_goes_at_once_and_waits_for_no_collection(served):
    wire = served.connect()
    asked = [post({**FIRST, "variables": {"first": 1 + number}}) for number in range(8)]
    for known in asked[:3]:
        await wire.send(known)
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for new in asked[3:]:
            await wire.send(new)
        wire.close()
        gc.collect()
        left = {type(each).__qualname__ for each in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()

    assert left == set()


def test_no_header_is_left_out_that_anybody_reads():
    ours = {b"traceparent", b"x-request-id"}  # they make the id, for each request
    servers = {b"connection", b"content-length", b"host", b"x-forwarded-for", b"x-forwarded-proto"}
    paths = [path for path in (ROOT / "gateway/web").rglob("*.py") if "streams" not in path.parts]
    code = "".join(path.read_text() for path in paths)
    ways = ('get("{}"', '["{}"]', '== b"{}"', '"{}" in', '"{}" not in')

    for name in UNREAD - ours - servers:
        assert not [way for way in ways if way.format(name.decode()) in code.lower()], name
