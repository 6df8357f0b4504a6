"""GraphQL over WebSocket: the `graphql-transport-ws` protocol, and how long a token opens it.

A client signs in once, by `authorization` in the payload of `connection_init` or by the header
of the handshake.  Its token is looked at again while the socket is open: once it has expired,
everything under way ends.  Close codes: 4400 no message of the protocol, 4401 not signed in
yet, 4403 a token that proves nothing (any more), 4408 no `connection_init` in time, 4409 an id
that is in use, 4429 too much of it.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Annotated, Any, Protocol

import msgspec
import orjson
import structlog
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    SubscribeMessage,
)

from gateway.identity.errors import InvalidTokenError
from gateway.telemetry import SOCKETS
from schema.context import Context
from schema.model.viewer import ANONYMOUS, Viewer

INIT_SECONDS = 10.0  # for `connection_init` to come
RECHECK_SECONDS = 10.0  # between two looks at the token of an open socket
MOST_OPERATIONS = 100  # at once on one socket
MOST_MESSAGE_BYTES = 1_000_000  # of one message, once unpacked

log = structlog.get_logger(__name__)

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _Document(msgspec.Struct, omit_defaults=True):
    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - the protocol's own name


class _Init(msgspec.Struct, tag_field="type", tag="connection_init", omit_defaults=True):
    payload: dict[str, Any] | None = None


class _Ping(msgspec.Struct, tag_field="type", tag="ping"):
    pass


class _Pong(msgspec.Struct, tag_field="type", tag="pong"):
    pass


class _Subscribe(msgspec.Struct, tag_field="type", tag="subscribe"):
    id: _Id
    payload: _Document


class _Complete(msgspec.Struct, tag_field="type", tag="complete"):
    id: _Id


_READER = msgspec.json.Decoder(_Init | _Ping | _Pong | _Subscribe | _Complete)


class TextSocket(ASGIWebSocketAdapter):
    """A socket of JSON in text frames; what is no message of the protocol is not passed on."""

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """Yield messages until the client has gone, or we have closed."""
        del ignore_parsing_errors
        while self.ws.application_state is not WebSocketState.DISCONNECTED:
            try:
                message = to_message(await self.ws.receive_text())
            except WebSocketDisconnect:
                return
            except KeyError as exc:
                raise NonTextMessageReceived from exc
            except (ValueError, RecursionError) as exc:
                raise NonJsonMessageReceived from exc
            yield message

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one message."""
        if self.ws.application_state is WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except WebSocketDisconnect as exc:
            raise WebSocketDisconnected from exc

    async def close(self, code: int, reason: str) -> None:
        """Close, unless that is done already."""
        if self.ws.application_state is not WebSocketState.DISCONNECTED:
            with suppress(WebSocketDisconnect):
                await self.ws.close(code, reason)


class Endpoint(Protocol):
    """What a socket needs of the endpoint that it came to."""

    recheck_seconds: float

    async def identify(self, authorization: str | None) -> Viewer:
        """Return who sends this.  Raises `InvalidTokenError`."""

    def build_context(self, viewer: Viewer) -> Context:
        """Return what resolvers see now."""


class SocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """Speaks the protocol on one socket, until its token ends."""

    def __init__(self, view: Any, websocket: Any, **options: Any) -> None:
        super().__init__(view, websocket, **options)
        self._endpoint: Endpoint = view
        self._authorization: str | None = websocket.ws.headers.get("authorization")
        self._viewer = ANONYMOUS
        self._checking: asyncio.Task[None] | None = None

    async def handle(self) -> None:
        """Serve the socket to its end."""
        with SOCKETS.track_inprogress():
            await super().handle()

    async def shutdown(self) -> None:
        """End everything under way."""
        if self._checking is not None:
            self._checking.cancel()
        await super().shutdown()

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Let the client in as who its token says."""
        if self.connection_init_received:  # twice is refused
            await super().handle_connection_init(message)
            return
        try:
            await self._sign_in(message.get("payload") or {})
        except InvalidTokenError as exc:
            await self.websocket.close(code=4403, reason=str(exc))
            return
        await super().handle_connection_init(message)
        if self._authorization is not None:
            self._checking = asyncio.create_task(self._keep_checking())

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin an operation, unless too many are under way."""
        if len(self.operations) >= MOST_OPERATIONS:
            await self.websocket.close(code=4429, reason="Too many operations on one connection")
            return
        await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """Run an operation over what stands now, not over what stood when the socket opened."""
        self.context = self._endpoint.build_context(self._viewer)
        await super().run_operation(operation)

    async def handle_task_exception(self, error: Exception) -> None:
        """Say that an operation broke: its client may be gone, and its values are not for logs."""
        log.error("sockets.operation_failed", error=type(error).__name__)

    async def _sign_in(self, payload: Mapping[str, object]) -> None:
        """Remember who opens the socket.  Raises `InvalidTokenError`."""
        for name, value in payload.items():
            if name.lower() == "authorization":
                self._authorization = value if isinstance(value, str) else ""
        self._viewer = await self._endpoint.identify(self._authorization)

    async def _keep_checking(self) -> None:
        """End everything once the token proves nothing any more."""
        while True:
            await asyncio.sleep(self._endpoint.recheck_seconds)
            try:
                await self._endpoint.identify(self._authorization)
            except InvalidTokenError as exc:
                self.connection_acknowledged = False  # what comes before the close is refused
                for operation_id in list(self.operations):
                    await self.cleanup_operation(operation_id)
                await self.websocket.close(code=4403, reason=str(exc))
                return


def to_message(text: str) -> dict[str, Any]:
    """Return a message of the protocol.  Raises `ValueError` for anything else."""
    message: dict[str, Any] = msgspec.to_builtins(_READER.decode(text))
    return message
