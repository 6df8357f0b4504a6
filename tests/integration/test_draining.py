"""A real server that is told to stop: not ready at once, and nothing under way is lost."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.servers import free_port

pytestmark = pytest.mark.anyio

DRAIN_SECONDS = 0.6
_SERVER = f"""
import asyncio
from contextlib import asynccontextmanager, suppress
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from gateway.draining import Draining
from gateway.web.health import Readiness, build_routes
from gateway.web.outermost import Outermost

draining = Draining({DRAIN_SECONDS})

@asynccontextmanager
async def lifespan(app):
    with draining.before_the_server():
        yield
    print("closed", flush=True)

async def slow(request):
    await asyncio.sleep(1.0)
    return PlainTextResponse("done")

async def events(request):
    async def say():
        yield b"data: 1\\n\\n"
        await asyncio.Event().wait()
    return StreamingResponse(say(), media_type="text/event-stream")

async def socket(websocket):
    await websocket.accept()
    with suppress(WebSocketDisconnect):
        await websocket.receive_text()

async def ready():
    return Readiness()

routes = [Route("/slow", slow), Route("/events", events), WebSocketRoute("/socket", socket)]
routes += build_routes(ready, "", lambda: draining.is_draining)
app = Outermost(Starlette(routes=routes, lifespan=lifespan), draining, is_https=False)
uvicorn.run(app, port=int(__import__("sys").argv[1]), log_config=None, access_log=False)
"""


@pytest.fixture
async def server() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVER, str(port), stdout=asyncio.subprocess.PIPE, env=os.environ
    )
    address = f"127.0.0.1:{port}"
    async with httpx.AsyncClient() as http:
        while True:
            try:
                await http.get(f"http://{address}/livez")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    yield process, address
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_whoever_is_told_to_stop_drains_and_cuts_nothing(server):
    process, address = server
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=20) as http:
        stream = asyncio.create_task(http.get("/events"))
        slow = asyncio.create_task(http.get("/slow"))
        async with connect(f"ws://{address}/socket") as socket:
            process.send_signal(signal.SIGTERM)
            while (ready := await http.get("/readyz")).is_success:
                pass
            late = await http.get("/slow")  # it comes while proxies have not noticed yet

            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()

        assert (ready.status_code, ready.headers["Connection"]) == (503, "close")
        assert [(await slow).text, late.text] == ["done", "done"]
        assert (await stream).text == "data: 1\n\n"  # ended, not broken
        assert closed.value.rcvd.code == 1012
    said = await process.stdout.read()
    assert said.endswith(b"closed\n")
    assert await process.wait() == -signal.SIGTERM
