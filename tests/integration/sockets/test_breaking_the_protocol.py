"""What breaks the protocol of sockets is closed, with the code that says why."""

import asyncio
import json
from typing import Any

import pytest

from gateway.web.streams.socket import MOST_MESSAGE_BYTES
from tests.integration.sockets.serving import FOLLOW, Served
from tests.subscribing import socket_to

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        pytest.param(
            [{"type": "subscribe", "id": "1", "payload": {"query": "{ a }"}}],
            4401,
            id="before-signing-in",
        ),
        pytest.param([{"type": "connection_init"}] * 2, 4429, id="signing-in-twice"),
        pytest.param([{"type": "connection_init", "payload": []}], 4400, id="strange-payload"),
        pytest.param([{"type": "start", "id": "1"}], 4400, id="unknown-type"),
        pytest.param([["connection_init"]], 4400, id="no-object"),
        pytest.param(
            [{"type": "connection_init"}, {"type": "subscribe", "id": {}, "payload": {}}],
            4400,
            id="strange-id",
        ),
        pytest.param(
            [
                {"type": "connection_init"},
                {"type": "subscribe", "id": "1", "payload": {"query": 7}},
            ],
            4400,
            id="no-document",
        ),
        pytest.param(
            [{"type": "connection_init"}]
            + [{"type": "subscribe", "id": "1", "payload": {"query": FOLLOW}}] * 2,
            4409,
            id="id-in-use",
        ),
    ],
)
async def test_what_breaks_the_protocol_is_closed(served: Served, messages: list[Any], code: int):
    async with socket_to(served.url) as socket, asyncio.timeout(2):
        for message in messages:
            await socket.connection.send(json.dumps(message))

        assert await socket.closed_with() == code


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param("{", 4400, id="no-json"),
        pytest.param("[" * 100_000, 4400, id="bottomless"),
        pytest.param('{"type":"ping","payload":NaN}', 4400, id="not-a-number"),
        pytest.param(b'{"type":"ping"}', 4400, id="binary"),
        pytest.param(" " * (MOST_MESSAGE_BYTES + 1), 1009, id="too-big"),
        pytest.param(" " * 10_000_000, 1009, id="too-big-once-unpacked"),
    ],
)
async def test_a_frame_that_is_no_message_is_closed(served: Served, frame: str | bytes, code: int):
    async with socket_to(served.url) as socket, asyncio.timeout(2):
        await socket.connection.send(frame)

        assert await socket.closed_with() == code
