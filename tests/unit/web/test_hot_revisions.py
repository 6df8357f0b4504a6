"""After a revision an answer is made anew once, and what was there before only while it may be."""

import asyncio
from urllib.parse import urlencode

import pytest
from graphql import ExecutionResult, GraphQLError

from gateway.execution.buckets import LocalBuckets
from gateway.execution.budgets import Budgets
from tests.unit.schema.api import Api
from tests.unit.schema.fakes import a_course
from tests.unit.web.again import LONG, PACKED, TITLES, finished
from tests.unit.web.edge import Edge
from tests.unit.web.wire import Served, get, post

pytestmark = pytest.mark.anyio

QUESTIONS = [{"query": f"{{ courses(first: {n}) {{ nodes {{ title }} }} }}"} for n in (1, 2, 3)]
CHANGED = {
    "post": post(LONG),
    "zstd": PACKED,
    "get": get(urlencode(TITLES), graphql_require_preflight="1"),
}


async def test_the_catalogues_next_revision_is_seen_at_once(served):
    wire = served.connect()
    for _ in range(4):
        await wire.send(post(TITLES))

    served.edge.epoch = "2.1"
    await wire.send(post(TITLES))

    assert served.edge.contexts == 2


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
    wire, sent = served.connect(), PACKED
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


async def test_what_cannot_be_made_anew_is_paid_for_once(monkeypatch):
    budgets = Budgets(LocalBuckets(clock=lambda: 0.0), points_a_minute=6)
    served = Served(Edge(budgets=budgets))
    wire, question = served.connect(), post({"query": "{ __typename }"})
    for _ in range(4):
        await wire.send(question)

    async def fail(*_: object) -> ExecutionResult:
        error = GraphQLError("not now", extensions={"code": "UNAVAILABLE"})
        return ExecutionResult(None, [error])

    monkeypatch.setattr(served.edge.engine, "run", fail, raising=False)
    served.edge.epoch = "2.1"
    replies = [await wire.send(question) for _ in range(3)]

    assert [each.status for each in replies] == [200, 200, 429]
    left = [each.headers["ratelimit"].partition(";t=")[0] for each in replies]
    assert left == [f'"client";r={n}' for n in (1, 0, 0)]


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
