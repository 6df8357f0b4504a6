"""What machines ask beside GraphQL."""

import httpx
import pytest
from starlette.applications import Starlette

from gateway.web.health import Readiness, build_routes

pytestmark = pytest.mark.anyio
SDL = "type Query { a: Int }\n"


async def ready():
    return Readiness()


@pytest.fixture
async def client():
    app = Starlette(routes=build_routes(ready, SDL, lambda: False, lambda: b"told 1\n"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://m") as client:
        yield client


async def test_tools_that_ask_often_get_the_sdl_once(client):
    first = await client.get("/schema.graphql")
    again = await client.get("/schema.graphql", headers={"If-None-Match": first.headers["etag"]})
    other = await client.get("/schema.graphql", headers={"If-None-Match": '"another"'})

    assert (first.status_code, first.text) == (200, SDL)
    assert (again.status_code, again.content) == (304, b"")
    assert (other.status_code, other.text) == (200, SDL)


async def test_metrics_are_told_as_prometheus_reads_them(client):
    answer = await client.get("/metrics")

    assert (answer.status_code, answer.text) == (200, "told 1\n")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
