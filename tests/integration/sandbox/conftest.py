"""Partners of the sandbox with the plainest of interfaces, and who calls them."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from aiohttp import ClientSession, web

from adapters.sandbox import server
from adapters.sandbox.server import SandboxOptions
from schema.model.values import PartnerCode

TOKOPEDIA, SISNAKER = PartnerCode("tokopedia"), PartnerCode("sisnaker")
TWO = SandboxOptions(partners=(TOKOPEDIA, SISNAKER))


@pytest.fixture(autouse=True)
def plain_facades(monkeypatch):
    """Let every partner tell its number of offerings, book on request, or never answer.

    Gives the event that is set when a request has begun to wait.
    """
    arrived = asyncio.Event()

    def build_routes(shop):
        async def count(_):
            return web.json_response({"offerings": len(shop.offerings)})

        async def book_something(_):
            row = next(row for row in shop.offerings if row.bookable and not row.sessions)
            receipt, _is_new = shop.book.place("R-1", row.key, None, "L-1", row.price)
            return web.json_response(receipt)

        async def wait_for_ever(_):
            arrived.set()
            await asyncio.Event().wait()

        return [
            web.get("/count", count),
            web.post("/book", book_something),
            web.get("/wait", wait_for_ever),
        ]

    facade = SimpleNamespace(build_routes=build_routes)
    monkeypatch.setattr(server, "import_module", lambda _: facade)
    return arrived


@pytest.fixture
async def http():
    async with ClientSession() as session:
        yield session


async def call(function: Callable[..., object], *args: object) -> object:
    """Call the control client from a thread: it blocks, and the sandbox is in this loop."""
    return await asyncio.to_thread(function, *args)


async def status_of(http: ClientSession, url: str) -> int:
    async with http.get(url) as answer:
        return answer.status
