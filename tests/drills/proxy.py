"""A small reverse proxy, as careful as the usual ones: no more is repeated than is safe.

It asks `/readyz` of each gateway every half second and passes requests, in turns, to those that
are ready, over connections that it keeps.  A gateway that says no is believed at once; one that
says nothing, the third time.  A request that found no connection goes to another; one of which
a byte may have been sent is never repeated, but answered with 502.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import aiohttp
from aiohttp import web

LOOK_SECONDS = 0.5
MOST_SILENT = 2  # looks in a row that need not be answered
PATIENCE = aiohttp.ClientTimeout(total=30, connect=2)
_LOOK_PATIENCE = aiohttp.ClientTimeout(total=1)
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass
class Backend:
    """One gateway, and whether it was ready when it was last asked."""

    url: str
    is_ready: bool = False
    silent: int = 0  # looks in a row without an answer


class Proxy:
    """Passes requests on; `passed` counts them by gateway, `moved` those that had to go on."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.backends = [Backend(url) for url in urls]
        self.passed: Counter[str] = Counter()
        self.moved = 0
        self._turn = 0

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[None]:
        """Serve on a port of this machine for the block."""
        async with aiohttp.ClientSession(timeout=PATIENCE) as session:
            self._session = session
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", self._pass_on)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            looking = [asyncio.create_task(self._keep_looking(each)) for each in self.backends]
            try:
                yield
            finally:
                for task in looking:
                    task.cancel()
                await runner.cleanup()

    async def _keep_looking(self, backend: Backend) -> None:
        while True:
            await self._look(backend)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, backend: Backend) -> None:
        address, backend.silent = f"{backend.url}/readyz", backend.silent + 1
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._session.get(address, timeout=_LOOK_PATIENCE) as answer:
                backend.is_ready = answer.status == web.HTTPOk.status_code
                backend.silent = 0
        backend.is_ready = backend.is_ready and backend.silent <= MOST_SILENT

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        for backend in self._in_turn():
            try:
                return await self._ask(backend, request, body)
            except aiohttp.ClientConnectorError:
                self.moved += 1  # nothing was sent
            except (aiohttp.ClientError, TimeoutError) as exc:
                return web.Response(status=502, text=repr(exc))
        return web.Response(status=503, text="no gateway is ready")

    def _in_turn(self) -> Sequence[Backend]:
        ready = [backend for backend in self.backends if backend.is_ready]
        self._turn += 1
        return ready[self._turn % len(ready) :] + ready[: self._turn % len(ready)] if ready else []

    async def _ask(self, backend: Backend, request: web.Request, body: bytes) -> web.Response:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _OF_THE_CONNECTION}
        address = backend.url + request.path_qs
        async with self._session.request(
            request.method, address, headers=headers, data=body
        ) as answer:
            content = await answer.read()
            self.passed[backend.url] += 1
            media_type = answer.headers.get("Content-Type", "")
            return web.Response(
                status=answer.status, body=content, headers={"Content-Type": media_type}
            )
