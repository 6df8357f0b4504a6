"""A partner with a list of any length, behind real HTTP in a process of its own.

with SyntheticPartner(size=100_000) as partner:
    partner.address(told=True)   # answers 304 to the ETag of its present edition
    partner.address(told=False)  # knows no ETags: only hashes tell
    partner.change()             # the next edition: one row in a hundred differs
"""

import asyncio
import multiprocessing
from dataclasses import dataclass
from http import HTTPStatus
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Self
from urllib.request import urlopen

import orjson
from aiohttp import web

from adapters.base import Cursor, NotModified, Page, Validators
from adapters.http import PartnerClient
from adapters.skill_academy.mapping import to_page
from gateway.bench.rows import to_rows
from gateway.priority import LAST, step_back
from schema.model.values import PartnerCode

PAGE_SIZE = 200
START_SECONDS = 30


class SyntheticAdapter:
    """Reads the synthetic partner: Skill Academy's format, and ETags beside it."""

    def __init__(self, client: PartnerClient, code: PartnerCode) -> None:
        self._client = client
        self._code = code

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page | NotModified:
        """See `CatalogueSource.fetch_page`."""
        headers = {"If-None-Match": known.etag} if known and known.etag else None
        params = {"cursor": cursor} if cursor else None
        answer = await self._client.fetch("/v1/courses", params, headers)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return NotModified()
        page = to_page(orjson.loads(answer.body), self._code)
        etag = None if cursor else answer.headers.get("etag")  # it is the whole list's
        return Page(
            offerings=page.offerings,
            rejections=page.rejections,
            left_out=page.left_out,
            next_cursor=page.next_cursor,
            validators=Validators(etag=etag) if etag else None,
        )


class SyntheticPartner:
    """The partner's process, listening while the context is entered."""

    def __init__(self, size: int, page_size: int = PAGE_SIZE) -> None:
        self.size = size
        self._page_size = page_size
        self._process: BaseProcess | None = None
        self._port = 0

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(there, self.size, self._page_size), daemon=True
        )
        self._process.start()
        if not here.poll(START_SECONDS):
            raise TimeoutError("the synthetic partner did not start: is the machine overloaded?")
        self._port = here.recv()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.join()

    def address(self, *, told: bool) -> str:
        """Return where it answers; `told` says whether it tells by ETag what has changed."""
        return f"http://127.0.0.1:{self._port}/{'etag' if told else 'plain'}"

    def change(self) -> None:
        """Bring out the next edition of the list."""
        with urlopen(f"http://127.0.0.1:{self._port}/change", data=b"") as answer:
            answer.read()


@dataclass(slots=True)
class _Shelf:
    size: int
    page_size: int
    edition: int = 0

    async def change(self, _: web.Request) -> web.Response:
        self.edition += 1
        return web.Response()

    async def plain(self, request: web.Request) -> web.Response:
        return self._answer(request, {})

    async def told(self, request: web.Request) -> web.Response:
        etag = f'"{self.edition}-{self.size}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
        return self._answer(request, {"ETag": etag})

    def _answer(self, request: web.Request, headers: dict[str, str]) -> web.Response:
        start = int(request.query.get("cursor", 0))
        end = min(start + self.page_size, self.size)
        body = {
            "data": list(to_rows(range(start, end), self.edition)),
            "next_cursor": str(end) if end < self.size else None,
        }
        headers |= {"Content-Type": "application/json"}
        return web.Response(body=orjson.dumps(body), headers=headers)


def _serve(there: Connection, size: int, page_size: int) -> None:
    step_back(LAST)  # a real partner has a machine of its own
    asyncio.run(_listen(there, _Shelf(size, page_size)))


async def _listen(there: Connection, shelf: _Shelf) -> None:
    list(to_rows(range(1), 0))  # before the clock runs
    app = web.Application()
    app.add_routes(
        [
            web.post("/change", shelf.change),
            web.get("/plain/v1/courses", shelf.plain),
            web.get("/etag/v1/courses", shelf.told),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    there.send(runner.addresses[0][1])
    await asyncio.Event().wait()
