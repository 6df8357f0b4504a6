"""What differs from others in its variables alone is answered at once, as it always was."""

import asyncio
from random import Random

import pytest

from gateway.telemetry import REGISTRY
from tests.unit.web.again import LONG, finished
from tests.unit.web.varied import LENGTH, Passing, at_random, told, varied
from tests.unit.web.wire import post, to_reply

pytestmark = pytest.mark.anyio

HEADS = (
    {},
    {"accept": "application/graphql-response+json"},
    {"accept_encoding": "gzip, zstd"},
    {"origin": "https://pages.test", "accept": "application/json"},
    {"apollographql_client_name": "web"},
)
EACH = {"query": "query ($first: Int) { courses(first: $first) { nodes { id } } }"}
SLOW = "query ($first: Int) { courses(first: $first) { nodes { id descriptionHtml } } }"


@pytest.mark.parametrize("seed", range(2))
async def test_it_says_what_the_ordinary_path_says_whatever_the_variables_are(seed):
    dice, hot, ordinary = Random(seed), Passing(), Passing(is_hot=False)
    wire, other = hot.connect(), ordinary.connect()
    sent = [varied(at_random(dice), **dice.choice(HEADS)) for _ in range(150)]

    for each in sent:
        reply, expected = await wire.send(each), await other.send(each)
        assert told(reply) == told(expected), each

    assert hot.passed < len(sent) / 2
    assert hot.edge.contexts <= ordinary.edge.contexts * 1.2  # errors are run for twice


async def test_answers_that_are_worth_packing_and_others_are_sent_each_in_their_way():
    hot, ordinary = Passing(), Passing(is_hot=False)
    wire, other = hot.connect(), ordinary.connect()
    query = LONG["query"].replace("{ courses", "query ($first: Int) { courses(first: $first)", 1)

    for first in (1, 5, 4, 1, 3):
        sent = varied({"first": first, "n": 1}, query, accept_encoding="zstd")
        assert told(await wire.send(sent)) == told(await other.send(sent))

    assert hot.passed == 2  # how each is sent was learnt


async def test_it_is_neither_parsed_nor_given_to_asgi():
    served = Passing()
    wire = served.connect()
    await served.learn(wire)

    replies = [await wire.send(varied({"first": n})) for n in (3, 4, 5)]

    assert [len(each.body) for each in replies] == sorted(len(each.body) for each in replies)
    assert (served.passed, served.edge.contexts) == (0, 5)


async def test_its_answer_is_kept_and_known_by_all_its_bytes_once_asked_again():
    served = Passing()
    wire, sent = served.connect(), varied({"first": 3})
    await served.learn(wire)
    before = finished()

    replies = [await wire.send(sent) for _ in range(4)]

    assert len({each.body for each in replies}) == 1
    assert (served.passed, served.edge.contexts, finished() - before) == (0, 3, 2)


async def test_each_is_counted_logged_and_paid_for_like_others():
    def count() -> list[float]:
        labels = {"operation": "other", "kind": "query"}
        names = {
            "mitra_operations_total": {**labels, "outcome": "ok"},
            "mitra_operation_seconds_count": labels,
            "mitra_client_cost_total": {"client": "none"},
            "mitra_graphql_requests_total": {"status": "200"},
            "mitra_cache_reads_total": {"cache": "answers", "outcome": "made"},
        }
        return [REGISTRY.get_sample_value(name, told) or 0.0 for name, told in names.items()]

    async def counted(*, is_hot: bool) -> list[float]:
        served = Passing(is_hot=is_hot)
        wire = served.connect()
        await served.learn(wire)
        before = count()
        for n in (3, 4, 5):
            await wire.send(varied({"first": n}))
        assert served.passed == 0
        return [after - each for after, each in zip(count(), before, strict=True)]

    assert await counted(is_hot=True) == await counted(is_hot=False)


async def test_who_cannot_pay_is_refused_and_nothing_is_run():
    served = Passing(points=150)
    wire = served.connect()

    replies = [await wire.send(varied({"first": n, "short": True})) for n in (1, 2, 3, 4, 5)]

    paid = [each.status for each in replies].index(429)
    assert [each.status for each in replies] == [200] * paid + [429] * (5 - paid)
    assert 2 < paid == served.edge.contexts


async def test_what_waits_is_left_alone_after_a_few_times():
    served = Passing()
    wire = served.connect()

    for n in range(1, 31):
        await wire.send(varied({"first": 1 + n % 5, "n": n}, SLOW))

    assert served.passed == 30
    assert served.edge.contexts < 5 + 10


async def test_what_another_is_being_told_is_not_run_again(monkeypatch):
    served = Passing()
    wire, sent = served.connect(), varied({"first": 3})
    await served.learn(wire)
    go_on, run = asyncio.Event(), type(served.edge.engine).run

    async def run_later(prepared, context):
        await go_on.wait()
        return await run(served.edge.engine, prepared, context)

    monkeypatch.setattr(served.edge.engine, "run", run_later, raising=False)
    others = [served.connect() for _ in range(3)]
    for each in others:
        each.protocol.data_received(sent)
    await asyncio.sleep(0.01)
    before = served.edge.contexts
    go_on.set()
    expected = await wire.send(sent)
    for _ in range(200):
        await asyncio.sleep(0)
    replies = [to_reply(bytes(each.transport.written)) for each in others]

    assert [each and each.lasting for each in replies] == [expected.lasting] * 3
    assert served.edge.contexts == before


async def test_the_catalogues_next_revision_is_seen_at_once():
    served = Passing()
    wire = served.connect()
    await served.learn(wire)
    await wire.send(varied({"first": 3}))

    served.edge.epoch = "2.1"
    await wire.send(varied({"first": 3}))

    assert (served.passed, served.edge.contexts) == (0, 4)


async def test_what_must_be_parsed_and_validated_anew_leaves_others_their_turn():
    served = Passing()
    wire = served.connect()
    await served.learn(wire)

    documents = served.edge.engine._documents
    documents._kept.forget_oldest()
    while len(documents._kept):
        documents._kept.forget_oldest()
    await wire.send(varied({"first": 3}))
    await wire.send(varied({"first": 4}))

    assert served.passed == 1


async def test_a_process_that_is_about_to_stop_and_one_that_is_traced_leave_it(monkeypatch):
    stopping, traced = Passing(), Passing()
    monkeypatch.setattr("gateway.web.hot.is_tracing", lambda: True)
    await traced.learn(traced.connect())
    await traced.connect().send(varied({"first": 3}))
    monkeypatch.undo()

    wire = stopping.connect()
    await stopping.learn(wire)
    stopping.draining.is_draining = True
    reply = await wire.send(varied({"first": 3}))

    assert (traced.passed, stopping.passed) == (1, 1)
    assert reply.headers["connection"] == "close"


async def test_what_is_known_of_forms_and_heads_is_bounded_by_bytes(monkeypatch):
    served = Passing()
    for each in (served.hot._forms._forms, served.hot._forms._heads):
        monkeypatch.setattr(each, "_most_size", 9_000)
    for n in range(40):
        await served.connect().send(post({**EACH, "variables": {"first": 1, "x": "x" * n}}))
        await served.connect().send(varied({"first": 1}, f"query Q{n} {{ __typename }}"))

    forms = served.hot._forms
    assert 2 < len(forms._forms) < 12
    assert 2 < len(forms._heads) < 12
    assert forms.size <= 18_000


def test_bodies_are_as_long_as_these_tests_say():
    assert varied({"first": 1}).endswith(b" ")
    assert varied(at_random(Random(1))).count(b"content-length: %d" % LENGTH) == 1
