"""Server-sent events: what is told, in which order, and what ends a stream."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
import pytest

from gateway.execution.engine import Engine, Question, RefusedError
from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.web.streams.connections import Connections
from gateway.web.streams.events import Asked, EventStreams, refusal
from schema.ids import NodeKind, to_global_id
from schema.model.enrolment import EnrolRequest
from schema.model.values import LearnerId
from schema.model.viewer import Role, Viewer
from tests.unit.schema.api import Api, a_learner

pytestmark = pytest.mark.anyio

ANI = replace(a_learner(), subject="ani")
OPERATOR = Viewer(frozenset({Role.OPERATOR}), subject="op")
FOLLOW = "subscription ($id: ID!) { enrolmentChanged(id: $id) { status version } }"
SILENT = "subscription { syncProgress { finished } }"


class SilentWatch:
    """A watch of syncs while nobody syncs."""

    async def follow(self, partner: object = None) -> AsyncGenerator[Any, None]:
        await asyncio.Event().wait()
        yield


class Bench:
    """Streams over the fakes' schema."""

    def __init__(self, uncheckable: int = 0, **options: Any) -> None:
        self.uncheckable = uncheckable
        self.api = Api(syncs=SilentWatch())
        self.is_valid = True
        self.checks = 0
        self.connections = Connections(most=2, most_of_one=1)
        options = {"heartbeat_seconds": 60, "recheck_seconds": 0.001} | options
        self.engine = Engine(self.api.schema)
        self.streams = EventStreams(self.engine, self.identify, self.connections, **options)

    async def identify(self, authorization: str | None) -> Viewer:
        self.checks += 1
        if self.checks <= self.uncheckable:
            raise UncheckableTokenError
        if not self.is_valid:
            raise InvalidTokenError("expired")
        return ANI

    def asked(self, text: str, viewer: Viewer = ANI, **variables: Any) -> Asked:
        prepared = self.engine.prepare(Question(text, variables=variables))
        return Asked(prepared, partial(self.api.context, viewer), viewer, "Bearer …")

    async def enrolment(self) -> str:
        offering = next(iter(self.api.catalogue.every())).offerings[0]
        wish = EnrolRequest(LearnerId("ani"), offering.id, None, "key-1")
        outcome = await self.api.enrolments.enrol(wish)
        return to_global_id(NodeKind.ENROLMENT, outcome.enrolment.id)

    def events(
        self, text: str, viewer: Viewer = ANI, **variables: Any
    ) -> AsyncGenerator[bytes, None]:
        return self.streams.answer(self.asked(text, viewer, **variables)).body_iterator


def told(events: list[bytes]) -> list[Any]:
    """Return the payloads of `next` events, and `complete`."""
    found: list[Any] = []
    for block in b"".join(events).split(b"\n\n")[:-1]:
        kind, _, data = block.partition(b"\ndata:")
        found.append("complete" if kind == b"event: complete" else orjson.loads(data))
    return found


async def test_a_question_is_one_result_and_the_end():
    events = [each async for each in Bench().events('{ partner(code: "tokopedia") { code } }')]
    assert told(events) == [{"data": {"partner": {"code": "tokopedia"}}}, "complete"]


async def test_a_subscription_is_told_change_by_change():
    bench = Bench()
    enrolment = await bench.enrolment()
    events = [each async for each in bench.events(FOLLOW, id=enrolment)]
    statuses = [each["data"]["enrolmentChanged"]["status"] for each in told(events)[:-1]]
    assert statuses == ["RESERVED", "SUBMITTING", "CONFIRMED"]
    assert told(events)[-1] == "complete"


async def test_who_comes_back_goes_on_with_what_is_new():
    bench = Bench()
    enrolment = await bench.enrolment()
    again = FOLLOW.replace("id: $id", "id: $id, after: 2")
    events = [each async for each in bench.events(again, id=enrolment)]
    [news, _] = told(events)
    assert news == {"data": {"enrolmentChanged": {"status": "CONFIRMED", "version": 3}}}


async def test_another_learners_enrolment_is_not_there():
    bench = Bench()
    budi = replace(a_learner("budi"), subject="budi")
    events = [each async for each in bench.events(FOLLOW, budi, id=await bench.enrolment())]
    [answer, _] = told(events)
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_what_is_refused_is_told_as_an_event():
    bench = Bench()
    with pytest.raises(RefusedError) as refused:
        bench.asked("{ nonsense }")
    events = [each async for each in refusal(refused.value).body_iterator]
    [answer, end] = told(events)
    assert "nonsense" in answer["errors"][0]["message"]
    assert end == "complete"


async def test_silence_is_broken_by_heartbeats():
    bench = Bench(heartbeat_seconds=0)
    async with aclosing(bench.events(SILENT, OPERATOR)) as events:
        assert await anext(events) == b":\n\n"


async def test_a_token_that_ends_takes_its_stream_with_it():
    bench = Bench()
    bench.is_valid = False
    events = [each async for each in bench.events(SILENT, OPERATOR)]
    [answer, end] = told(events)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert end == "complete"


async def test_a_token_that_cannot_be_looked_at_just_now_keeps_its_stream():
    bench = Bench(uncheckable=3)
    bench.is_valid = False
    events = [each async for each in bench.events(SILENT, OPERATOR)]
    assert told(events)[0]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert bench.checks == 4


async def test_what_breaks_outside_of_a_field_tells_an_id_alone(monkeypatch):
    bench = Bench()
    events = bench.events(SILENT, OPERATOR)
    monkeypatch.setattr(bench.engine, "subscribe", lambda *_: 1 / 0)
    [answer, end] = told([each async for each in events])
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "division" not in str(answer)
    assert end == "complete"


async def test_when_we_stop_a_stream_ends_without_complete_so_that_it_is_asked_for_again():
    bench = Bench()
    events = bench.events(SILENT, OPERATOR)
    hearing = asyncio.create_task(anext(events, None))
    await asyncio.sleep(0)  # it begins
    assert len(bench.connections) == 1
    bench.connections.end()
    assert await hearing is None
    assert len(bench.connections) == 0


async def test_one_viewer_has_so_many_streams_and_not_more():
    bench = Bench(heartbeat_seconds=0)
    async with aclosing(bench.events(SILENT, OPERATOR)) as first:
        await anext(first)
        [answer, _] = told([each async for each in bench.events(SILENT, OPERATOR)])
    assert answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert len(bench.connections) == 0


async def test_a_stream_that_is_left_is_ended():
    bench, before = Bench(heartbeat_seconds=0), asyncio.all_tasks()
    async with aclosing(bench.events(SILENT, OPERATOR)) as events:
        await anext(events)
    assert len(bench.connections) == 0
    assert asyncio.all_tasks() == before
