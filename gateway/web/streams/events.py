"""GraphQL as server-sent events, in the protocol's mode of distinct connections.

One request, one stream: `next` for each result, `complete` at the end.  What is refused is told
as a `next` too, for an `EventSource` cannot read a status.  A stream that ends without
`complete` is to be asked for again.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.responses import StreamingResponse

from gateway.execution.engine import Engine, Prepared, RefusedError
from gateway.web.streams.connections import Connection, Connections, FullError
from gateway.web.streams.results import (
    RECHECK_SECONDS,
    Identify,
    Payload,
    stream,
    to_errors,
    until_expired,
)
from gateway.web.surprises import logged
from schema.context import Context
from schema.errors import ErrorCode, to_error
from schema.model.viewer import Viewer

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_SECONDS = 12.0  # proxies close what is silent for long
_COMPLETE = b"event: complete\ndata:\n\n"
_HEARTBEAT = b":\n\n"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that wants its answers as events: who asks, by which token."""

    prepared: Prepared
    contexts: Callable[[], Context]  # one for each answer
    viewer: Viewer
    authorization: str | None


@dataclass(frozen=True, slots=True)
class EventStreams:
    """Answers requests with streams of events."""

    engine: Engine
    identify: Identify
    connections: Connections
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    recheck_seconds: float = RECHECK_SECONDS

    def answer(self, asked: Asked) -> StreamingResponse:
        """Return the stream of an operation; without room for it, it says so and ends."""
        return StreamingResponse(self._events(asked), headers=_HEADERS, media_type=MEDIA_TYPE)

    async def _events(self, asked: Asked) -> AsyncGenerator[bytes, None]:
        try:
            with self.connections.opened("sse") as connection:
                connection.belongs_to(asked.viewer)
                async with aclosing(self._told(asked, connection)) as told:
                    async for event in told:
                        yield event
        except FullError as exc:
            yield _to_refusal([to_error(ErrorCode.RATE_LIMITED, str(exc))])
        except RefusedError as exc:
            yield _to_refusal(exc.errors)
        except Exception as exc:  # noqa: BLE001 - whatever it is, its client is told an id
            yield _to_refusal([logged(exc)])

    async def _told(self, asked: Asked, connection: Connection) -> AsyncGenerator[bytes, None]:
        """Yield results and heartbeats until the operation, the token or this process ends."""
        results = stream(self.engine, asked.prepared, asked.contexts)
        ending = asyncio.create_task(connection.ending.wait())
        expiry = asyncio.create_task(self._until_expired(asked.authorization))
        pull = asyncio.create_task(_next_of(results))
        try:
            while not ending.done():
                await asyncio.wait(
                    {ending, expiry, pull},
                    timeout=self.heartbeat_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if pull.done():
                    if (result := pull.result()) is None:
                        yield _COMPLETE
                        return
                    yield to_event(result)
                    pull = asyncio.create_task(_next_of(results))
                elif expiry.done():
                    yield _to_refusal([to_error(ErrorCode.UNAUTHENTICATED, expiry.result())])
                    return
                elif not ending.done():
                    yield _HEARTBEAT
        finally:
            await _end(ending, expiry, pull)
            await results.aclose()

    async def _until_expired(self, authorization: str | None) -> str:
        if authorization is None:
            await asyncio.Event().wait()  # nobody's token ends
        return await until_expired(self.identify, str(authorization), self.recheck_seconds)


async def _next_of(results: AsyncGenerator[Payload, None]) -> Payload | None:
    return await anext(results, None)


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def to_event(payload: Mapping[str, Any]) -> bytes:
    """Return a result as a `next` event."""
    return b"event: next\ndata: " + orjson.dumps(payload) + b"\n\n"


def refusal(error: RefusedError) -> StreamingResponse:
    """Return the stream that says why a request was not begun."""
    told = [_to_refusal(error.errors)]
    return StreamingResponse(iter(told), headers=_HEADERS, media_type=MEDIA_TYPE)


def _to_refusal(errors: Sequence[GraphQLError]) -> bytes:
    return to_event({"errors": to_errors(errors)}) + _COMPLETE
