"""Running any operation as a stream of payloads: one for a query, many for a subscription."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType

from gateway.execution.engine import Engine, Prepared
from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from schema.context import Context
from schema.model.viewer import Viewer

RECHECK_SECONDS = 10.0  # between two looks at the token of an open connection

Payload = Mapping[str, Any]
Identify = Callable[[str | None], Awaitable[Viewer]]

_under_way: set[asyncio.Task[ExecutionResult]] = set()  # a loop forgets what nobody holds


class _Unread:
    """Stands for the catalogue where it is not read, and does not keep it."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(f"{name}: a stream is opened without the catalogue, and may last longer")


_UNREAD: Any = _Unread()


async def stream(
    engine: Engine, prepared: Prepared, contexts: Callable[[], Context]
) -> AsyncGenerator[Payload, None]:
    """Yield what an operation answers, each answer as all stands when it is told.

    Whoever goes ends it, but for a change that has begun: as elsewhere, that is done.
    Raises `RefusedError` if it cannot begin.
    """
    if prepared.kind is OperationType.MUTATION:
        yield to_payload(await _to_its_end(engine.run(prepared, contexts())))
        return
    if prepared.kind is OperationType.QUERY:
        yield to_payload(await engine.run(prepared, contexts()))
        return
    opening = replace(contexts(), catalogue=_UNREAD, search=_UNREAD, changes=_UNREAD)
    async with aclosing(await engine.subscribe(prepared, opening, contexts)) as results:
        async for result in results:
            yield to_payload(result)


async def _to_its_end(change: Coroutine[Any, Any, ExecutionResult]) -> ExecutionResult:
    """Return what a change gives; who stops waiting for it waits for its end all the same."""
    task = asyncio.create_task(change)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def to_payload(result: ExecutionResult) -> Payload:
    """Return a result as clients read it."""
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        payload["errors"] = to_errors(result.errors)
    if result.extensions:
        payload["extensions"] = result.extensions
    return payload


def to_errors(errors: Sequence[GraphQLError]) -> Sequence[Mapping[str, Any]]:
    """Return errors as clients read them."""
    return [dict(error.formatted) for error in errors]


def codes_of(errors: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """Return the codes of errors as clients read them."""
    codes = (error.get("extensions", {}).get("code") for error in errors)
    return [code for code in codes if isinstance(code, str)]


async def until_expired(identify: Identify, authorization: str, seconds: float) -> str:
    """Return why, once a token that was good proves nothing any more.

    One that cannot be looked at just now is looked at again: it was good.
    """
    while True:
        await asyncio.sleep(seconds)
        try:
            with suppress(UncheckableTokenError):
                await identify(authorization)
        except InvalidTokenError as exc:
            return str(exc)
