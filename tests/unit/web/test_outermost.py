"""What holds for every HTTP request, whatever answers it."""

import asyncio
import re

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

from gateway.draining import Draining
from gateway.telemetry import REGISTRY
from gateway.web.outermost import Outermost, to_request_id

pytestmark = pytest.mark.anyio

NIK = "3201010101900001"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


async def plain(_request):
    bound = structlog.contextvars.get_contextvars()
    return PlainTextResponse(f"{bound['request_id']} {in_flight()}")


async def page(_request):
    return HTMLResponse("page", headers={"Content-Security-Policy": "default-src 'self'"})


async def endless(_request):
    async def events():
        yield b"data: 1\n\n"
        await asyncio.Event().wait()

    return StreamingResponse(events(), media_type="text/event-stream")


def in_flight() -> float:
    return REGISTRY.get_sample_value("mitra_requests_in_flight") or 0.0


def build(draining: Draining | None = None, *, is_https: bool = True) -> Outermost:
    routes = [Route("/", plain), Route("/page", page), Route("/events", endless)]
    return Outermost(Starlette(routes=routes), draining or Draining(0), is_https=is_https)


async def get(app: Outermost, path: str = "/", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://mitra.test"
    ) as client:
        return await client.get(path, headers=headers)


async def test_every_answer_tells_browsers_to_be_careful():
    answers = [await get(build()), await get(build(), "/missing")]

    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_a_page_keeps_its_own_policy():
    answer = await get(build(), "/page")

    assert answer.headers.get_list("Content-Security-Policy") == ["default-src 'self'"]


async def test_without_tls_nobody_is_bound_to_it():
    answer = await get(build(is_https=False))

    assert "Strict-Transport-Security" not in answer.headers


async def test_a_request_keeps_its_id_in_logs_and_answer():
    answer = await get(build(), **{"X-Request-Id": "frontend-0001"})

    assert answer.headers["X-Request-Id"] == "frontend-0001"
    assert answer.text.split()[0] == "frontend-0001"
    assert "request_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.parametrize("sent", ["short", f"nik-{NIK}", "a" * 101, "with space", "äöü-äöü-äöü"])
async def test_an_id_that_is_not_sane_is_made_anew(sent):
    request_id = to_request_id([(b"x-request-id", sent.encode())])

    assert re.fullmatch(r"[0-9a-f]{32}", request_id)


async def test_without_an_id_the_traces_is_used():
    parent = f"00-{TRACE_ID}-b7ad6b7169203331-01".encode()

    assert to_request_id([(b"traceparent", parent)]) == TRACE_ID


async def test_requests_under_way_are_counted():
    before = in_flight()

    answer = await get(build())

    assert float(answer.text.split()[1]) == before + 1
    assert in_flight() == before


async def test_whoever_is_stopping_closes_connections():
    draining = Draining(0)
    draining.end()

    assert (await get(build(draining))).headers["Connection"] == "close"
    assert "Connection" not in (await get(build())).headers


async def test_a_stream_is_ended_as_an_answer_is_when_we_stop():
    draining, sent = Draining(0), []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)
        if message.get("body"):
            draining.end()

    scope = {"type": "http", "method": "GET", "path": "/events", "headers": [], "query_string": b""}
    async with asyncio.timeout(5):
        await build(draining)(scope, receive, send)

    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert [message["body"] for message in sent[1:]] == [b"data: 1\n\n", b""]
