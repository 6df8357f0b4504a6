"""Work that ends when the client that waits for it has gone."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

PATIENCE_SECONDS = 0.1  # most work is done by then, and needs nobody to watch the client

T = TypeVar("T")


async def run_while_connected(work: Coroutine[Any, Any, T], receive: Receive) -> T:
    """Return what `work` returns.  If the client goes first, cancel it.

    Raises `ClientDisconnect` then.  The request's body must have been read.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        if not task.done():
            await _first_of(task, asyncio.create_task(_until_gone(receive)))
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        await _end(task)


async def _first_of(task: asyncio.Task[T], watch: asyncio.Task[None]) -> None:
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(watch)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(task: asyncio.Task[Any]) -> None:
    if not task.done():
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
