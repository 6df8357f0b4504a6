"""What is asked by a socket: answered or refused, counted, followed until either side ends it."""

import asyncio
from typing import Any

import pytest

from gateway.telemetry import REGISTRY
from tests.integration.sockets.serving import FOLLOW, Served
from tests.subscribing import socket_to

pytestmark = pytest.mark.anyio


async def test_each_operation_is_counted_by_what_came_of_it(served: Served):
    def counted(kind: str, outcome: str) -> float:
        labels = {"operation": "none", "kind": kind, "outcome": outcome}
        return REGISTRY.get_sample_value("mitra_operations_total", labels) or 0.0

    before = counted("query", "ok"), counted("none", "refused")
    async with socket_to(served.url) as socket:
        await socket.sign_in()
        for query in ("{ __typename }", "{ nothing }"):
            await socket.subscribe(query)
            while (await socket.hear())["type"] not in {"complete", "error"}:
                pass

    assert (counted("query", "ok"), counted("none", "refused")) == (before[0] + 1, before[1] + 1)


async def test_nobody_follows_what_is_another_learners(served: Served):
    enrolment = await served.enrolment("ani")

    async with socket_to(served.url) as socket:
        await socket.sign_in(served.token("budi"))
        await socket.subscribe(FOLLOW, id=enrolment)
        [answer] = [each async for each in socket.answers()]

    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_question_and_an_order_are_answered_too(served: Served):
    async with socket_to(served.url) as socket:
        await socket.sign_in(served.token())
        await socket.subscribe("{ partners { code } }", under="q")
        answers = [each async for each in socket.answers("q")]

    assert answers == [{"data": {"partners": [{"code": "tokopedia"}, {"code": "sisnaker"}]}}]


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": "home"},
        {"doc_id": "home"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
    ],
    ids=["ours", "relays", "apollos"],
)
async def test_a_document_is_named_as_over_http(served: Served, named: dict[str, Any]):
    async with socket_to(served.url) as socket:
        await socket.sign_in()
        await socket.say(type="subscribe", id="1", payload=named)
        said = await socket.hear()

    assert said["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


async def test_who_goes_away_is_followed_no_longer(served: Served):
    async with served.following(served.token()) as socket:
        assert served.watch.following == 1
        socket.connection.transport.abort()

        async with asyncio.timeout(1):
            await served.watch.has_ended.wait()

    assert served.watch.following == 0


async def test_what_is_completed_is_followed_no_longer(served: Served):
    async with served.following(served.token()) as socket:
        await socket.say(type="complete", id="1")

        async with asyncio.timeout(1):
            await served.watch.has_ended.wait()

        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}


async def test_a_surprise_is_masked(served: Served):
    served.watch.error = RuntimeError("SELECT secret FROM learner")

    async with served.following(served.token()) as socket:
        [answer] = [each async for each in socket.answers()]

    [error] = answer["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "errorId": "e1"}
    assert "secret" not in str(answer)


async def test_what_breaks_outside_of_a_field_ends_its_operation_with_an_id(
    served: Served, monkeypatch: pytest.MonkeyPatch
):
    async with socket_to(served.url) as socket:
        await socket.sign_in(served.token())
        monkeypatch.setattr(served.api, "context", lambda _: 1 / 0)
        await socket.subscribe("{ __typename }")
        async with asyncio.timeout(5):
            said = await socket.hear()

    assert said["type"] == "error"
    assert said["payload"][0]["extensions"]["code"] == "INTERNAL"
    assert "division" not in str(said)


async def test_when_we_stop_clients_are_told_to_come_again(served: Served):
    async with served.following(served.token()) as socket:
        served.connections.end()

        assert await socket.closed_with() == 1012
    assert (served.watch.following, len(served.connections)) == (0, 0)


async def test_what_is_refused_is_an_error_of_its_operation(served: Served):
    async with socket_to(served.url) as socket:
        await socket.sign_in()
        await socket.subscribe("{ nonsense }", under="q")
        refused = await socket.hear()
        await socket.subscribe("{ partners { code } }", under="q")  # the id is free again
        assert [each async for each in socket.answers("q")]

    assert (refused["type"], refused["id"]) == ("error", "q")
    assert "nonsense" in refused["payload"][0]["message"]
