"""GraphQL over WebSocket: the `graphql-transport-ws` protocol, and how long a token opens it.

A client signs in once, by `authorization` in the payload of `connection_init` or by the header
of the handshake.  Its token is looked at again while the socket is open: once it has expired,
everything under way ends.  Close codes: 1012 this process stops, come again; 1013 come again
later, as there is no room, or the token cannot be checked just now; 4400 no message of the
protocol; 4401 not signed in yet; 4403 a token that proves nothing (any more); 4406 another
sub-protocol; 4408 no `connection_init` in time; 4409 an id that is in use; 4429 too much of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from gateway.execution.budgets import Gate
from gateway.execution.engine import Prepared, Question, RefusedError
from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.telemetry.observed import Observed
from gateway.telemetry.operations import Observer, Unobserved
from gateway.web.paying import payer_of
from gateway.web.streams import messages
from gateway.web.streams.connections import Connection, Connections, FullError
from gateway.web.streams.results import (
    RECHECK_SECONDS,
    Identify,
    codes_of,
    stream,
    to_errors,
    until_expired,
)
from gateway.web.surprises import logged
from schema.context import Context
from schema.model.viewer import ANONYMOUS, Viewer

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0  # for `connection_init` to come
MOST_OPERATIONS = 100  # at once on one socket
MOST_MESSAGE_BYTES = 1_000_000  # of one message, once unpacked
MOST_REASON_BYTES = 123  # what a close frame has room for


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a socket is waited for, in seconds."""

    init: float = INIT_SECONDS
    recheck: float = RECHECK_SECONDS


@dataclass(frozen=True, slots=True)
class SocketEndpoint:
    """The ASGI application behind a WebSocket route.

    A page of another origin than ours gets 403, unless `allowed_origins` names its own, or `*`.
    """

    gate: Gate
    identify: Identify
    build_context: Callable[[Viewer], Context]
    connections: Connections
    allowed_origins: Sequence[str] = ()
    patience: Patience = Patience()
    observer: Observer = field(default_factory=Unobserved)
    may_introspect: Callable[[Viewer], bool] = lambda _viewer: False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket to its end."""
        socket = WebSocket(scope, receive, send)
        if not self._is_welcome(socket):
            await socket.close()  # before it was accepted: 403
            return
        is_ours = PROTOCOL in scope.get("subprotocols", ())
        await socket.accept(PROTOCOL if is_ours else None)
        if not is_ours:
            await socket.close(4406, f"Speak {PROTOCOL}")
            return
        try:
            with self.connections.opened("websocket") as connection:
                await _Conversation(self, socket, connection).hold()
        except FullError as exc:
            await socket.close(1013, str(exc))

    def _is_welcome(self, socket: WebSocket) -> bool:
        """Return whether the page that opens the socket may; programs send no origin."""
        origin = socket.headers.get("origin")
        if origin is None or not {origin, "*"}.isdisjoint(self.allowed_origins):
            return True
        return urlsplit(origin).netloc == socket.headers.get("host")


class _CloseError(Exception):
    """The client broke the protocol, or may not go on."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class _Conversation:
    """What is said on one socket."""

    def __init__(self, endpoint: SocketEndpoint, socket: WebSocket, connection: Connection) -> None:
        self._endpoint = endpoint
        self._socket = socket
        self._connection = connection
        given = socket.headers.getlist("authorization")
        self._authorization = ", ".join(given) if given else None  # of two none counts
        self._viewer = ANONYMOUS
        self._is_let_in = asyncio.Event()
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def hold(self) -> None:
        """Answer until the client has gone, or may not go on."""
        parts = [self._listen(), self._let_in_or_out(), self._stop_when_we_do()]
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except _CloseError as exc:
            await self._end([*tasks, *self._operations.values()])
            await self._close(exc.code, str(exc))
        except WebSocketDisconnect:
            pass
        finally:
            await self._end([*tasks, *self._operations.values()])

    async def _listen(self) -> None:
        while True:
            try:
                message = messages.to_message(await self._socket.receive_text())
            except KeyError as exc:
                raise _CloseError(4400, "Messages are text") from exc
            except (ValueError, RecursionError) as exc:
                raise _CloseError(4400, "This is no message of the protocol") from exc
            await self._answer(message)

    async def _let_in_or_out(self) -> None:
        """Wait for the client to sign in; then, for its token to end."""
        try:
            async with asyncio.timeout(self._endpoint.patience.init):
                await self._is_let_in.wait()
        except TimeoutError as exc:
            raise _CloseError(4408, "Connection initialisation timeout") from exc
        if self._authorization is None:
            await asyncio.Event().wait()  # nobody's token ends
        seconds = self._endpoint.patience.recheck
        reason = await until_expired(self._endpoint.identify, str(self._authorization), seconds)
        raise _CloseError(4403, reason)

    async def _stop_when_we_do(self) -> None:
        await self._connection.ending.wait()
        raise _CloseError(1012, "Service restart")

    async def _answer(self, message: messages.Message) -> None:
        match message:
            case messages.Init(payload=payload):
                await self._sign_in(payload or {})
            case messages.Ping():
                await self._say({"type": "pong"})
            case messages.Pong():
                pass
            case messages.Subscribe(id=operation_id, payload=payload):
                self._begin(operation_id, payload)
            case messages.Complete(id=operation_id):
                if (task := self._operations.get(operation_id)) is not None:
                    await self._end([task])

    async def _sign_in(self, payload: Mapping[str, object]) -> None:
        """Remember who opens the socket, and let them in."""
        if self._is_let_in.is_set():
            raise _CloseError(4429, "Too many initialisation requests")
        for name, value in payload.items():
            if name.lower() == "authorization":
                self._authorization = value if isinstance(value, str) else ""
        try:
            self._viewer = await self._endpoint.identify(self._authorization)
            self._connection.belongs_to(self._viewer)
        except InvalidTokenError as exc:
            raise _CloseError(4403, str(exc)) from exc
        except UncheckableTokenError as exc:
            raise _CloseError(1013, str(exc)) from exc
        except FullError as exc:
            raise _CloseError(4429, str(exc)) from exc
        self._is_let_in.set()
        await self._say({"type": "connection_ack"})

    def _begin(self, operation_id: str, payload: messages.Payload) -> None:
        if not self._is_let_in.is_set():
            raise _CloseError(4401, "Unauthorized")
        if operation_id in self._operations:
            raise _CloseError(4409, f"Subscriber for {operation_id} already exists")
        if len(self._operations) >= MOST_OPERATIONS:
            raise _CloseError(4429, "Too many operations on one connection")
        task = asyncio.create_task(self._run(operation_id, payload))
        self._operations[operation_id] = task

    async def _run(self, operation_id: str, payload: messages.Payload) -> None:
        headers = dict(self._socket.scope["headers"])
        with self._endpoint.observer.operation(headers) as seen:
            try:
                await self._tell(operation_id, payload, seen)
            except RefusedError as exc:
                self._operations.pop(operation_id, None)
                errors = to_errors(exc.errors)
                seen.is_refused, seen.codes = True, codes_of(errors)
                await self._say({"type": "error", "id": operation_id, "payload": errors})
            except WebSocketDisconnect:
                seen.is_gone = True  # the listener notices as well
            except asyncio.CancelledError:
                seen.is_gone = True
                raise
            except Exception as exc:  # noqa: BLE001 - whatever it is, its client is told an id
                errors = to_errors([logged(exc)])
                seen.codes = codes_of(errors)
                with suppress(WebSocketDisconnect):
                    await self._say({"type": "error", "id": operation_id, "payload": errors})
            finally:
                self._operations.pop(operation_id, None)

    async def _tell(self, operation_id: str, payload: messages.Payload, seen: Observed) -> None:
        """Run an operation over what stands now, not over what stood when the socket opened."""
        endpoint = self._endpoint
        prepared = await self._admit(payload.to_question())
        seen.name, seen.kind, seen.cost = prepared.name, prepared.kind.value, prepared.cost
        contexts = partial(endpoint.build_context, self._viewer)
        async with aclosing(stream(endpoint.gate.engine, prepared, contexts)) as results:
            async for result in results:
                seen.codes = codes_of(result.get("errors", ()))
                await self._say({"type": "next", "id": operation_id, "payload": result})
        self._operations.pop(operation_id, None)
        await self._say({"type": "complete", "id": operation_id})

    async def _admit(self, question: Question) -> Prepared:
        """Return what may be run, paid for like a request over HTTP.  Raises `RefusedError`."""
        may_introspect = self._endpoint.may_introspect(self._viewer)
        payer = payer_of(self._socket.scope, self._viewer)
        allowed = question.allowed() if may_introspect else question
        return (await self._endpoint.gate.admit(allowed, payer)).prepared

    async def _say(self, message: Mapping[str, Any]) -> None:
        if self._socket.application_state is not WebSocketState.CONNECTED:
            raise WebSocketDisconnect
        await self._socket.send_text(orjson.dumps(message).decode())

    async def _close(self, code: int, reason: str) -> None:
        fitting = reason.encode()[:MOST_REASON_BYTES].decode(errors="ignore")
        with suppress(WebSocketDisconnect, RuntimeError):  # the client was faster
            await self._socket.close(code, fitting)

    async def _end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
