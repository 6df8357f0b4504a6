"""A client of `graphql-transport-ws` over a real socket, as a browser's library speaks it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError
from websockets.typing import Origin, Subprotocol

PROTOCOL = Subprotocol("graphql-transport-ws")


class Socket:
    """One open socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        text = await self.connection.recv()
        assert isinstance(text, str), "the protocol's frames are text"
        message: dict[str, Any] = json.loads(text)
        return message

    async def sign_in(self, token: str | None = None) -> None:
        payload = {"Authorization": f"Bearer {token}"} if token else {}
        await self.say(type="connection_init", payload=payload)
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, *, under: str = "1", **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.say(type="subscribe", id=under, payload=payload)

    async def answers(self, under: str = "1") -> AsyncIterator[dict[str, Any]]:
        """Yield the payload of each answer until the operation is complete."""
        while True:
            message = await self.hear()
            assert message["id"] == under, message
            if message["type"] == "complete":
                return
            assert message["type"] == "next", message
            yield message["payload"]

    async def closed_with(self) -> int:
        """Return the code with which the server closes; what it says before is passed over."""
        with suppress(ConnectionClosedError):
            async for _ in self.connection:
                pass
        await self.connection.wait_closed()
        assert self.connection.close_code is not None
        return self.connection.close_code


@asynccontextmanager
async def socket_to(
    url: str, *, origin: str | None = None, token: str | None = None
) -> AsyncIterator[Socket]:
    """Open a socket to the gateway at `url`; `token` goes with the handshake."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with connect(
        url.replace("http", "ws", 1) + "/graphql",
        subprotocols=[PROTOCOL],
        origin=Origin(origin) if origin else None,
        additional_headers=headers,
        max_size=None,
    ) as connection:
        yield Socket(connection)
