"""Some addresses are led straight to what answers there; whatever else goes on as ever."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gateway.web.straight import Straight

pytestmark = pytest.mark.anyio


async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("of siti")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    at = {"/asked": PlainTextResponse("straight"), "/broken": broken}
    app = Straight(PlainTextResponse("routed"), at)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://mitra.test") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "said"), [("/asked", "straight"), ("/asked/", "routed"), ("/Asked", "routed")]
)
async def test_an_address_is_led_straight_as_it_is_written(client, path, said):
    assert (await client.get(path)).text == said


async def test_a_surprise_is_told_as_the_router_tells_it(client):
    answer = await client.get("/broken")

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
