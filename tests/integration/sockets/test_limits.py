"""How much a viewer may have by sockets: so many of them, so many operations, so many points."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway.execution.budgets import REFUSALS
from gateway.execution.engine import Stage
from gateway.web.streams.connections import MOST_OF_ONE
from gateway.web.streams.socket import MOST_OPERATIONS
from tests.integration.sockets.serving import FOLLOW, POINTS, Served
from tests.subscribing import socket_to

pytestmark = pytest.mark.anyio


async def test_one_socket_follows_so_many_and_not_more(served: Served):
    enrolment = await served.enrolment()
    async with socket_to(served.url) as socket, asyncio.timeout(5):
        await socket.sign_in(served.token())
        for number in range(MOST_OPERATIONS + 1):
            await socket.subscribe(FOLLOW, under=str(number), id=enrolment)

        assert await socket.closed_with() == 4429

    assert served.watch.following == 0


async def test_one_viewer_opens_so_many_and_not_more(served: Served):
    async with AsyncExitStack() as opened:
        for _ in range(MOST_OF_ONE):
            socket = await opened.enter_async_context(socket_to(served.url))
            await socket.sign_in(served.token())
        async with socket_to(served.url) as other:
            await other.sign_in(served.token("budi"))
        async with socket_to(served.url) as one_more:
            await one_more.say(
                type="connection_init", payload={"authorization": f"Bearer {served.token()}"}
            )
            assert await one_more.closed_with() == 4429
        await socket.connection.close()
        async with socket_to(served.url) as again:
            await again.sign_in(served.token())


async def test_who_asks_by_socket_pays_as_elsewhere(served: Served):
    affordable = POINTS // REFUSALS[Stage.VALIDATION]
    async with socket_to(served.url) as socket, socket_to(served.url) as another:
        await socket.sign_in(served.token())
        await another.sign_in(served.token())
        for _ in range(affordable):  # guessing names is paid for, by whichever socket
            await socket.subscribe("{ nonsense }")
            refused = await socket.hear()
            assert refused["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await another.subscribe("{ partners { code } }")
        spent = await another.hear()

    assert spent["type"] == "error"
    assert spent["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert spent["payload"][0]["extensions"]["retryAfter"] > 0
