"""What machines ask: is it alive, is it ready, how is it doing, what is its schema."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.execution.etags import etag_of, has
from gateway.telemetry import REGISTRY


def tell_own_metrics() -> bytes:
    """Return what this process alone tells."""
    return generate_latest(REGISTRY)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this process can answer, and what it still waits for."""

    waiting_for: Sequence[str] = ()
    degraded: Sequence[str] = ()

    @property
    def is_ready(self) -> bool:
        """Whether nothing is waited for; what is merely degraded does not count."""
        return not self.waiting_for


def build_routes(
    readiness: Callable[[], Awaitable[Readiness]],
    sdl: str,
    is_stopping: Callable[[], bool],
    tell_metrics: Callable[[], bytes] = tell_own_metrics,
) -> list[Route]:
    """Return `/livez`, `/readyz`, `/metrics` and `/schema.graphql`.

    Who is stopping is not ready, so that proxies ask others.  `tell_metrics` reads files.
    """

    async def livez(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_request: Request) -> Response:
        stopping = is_stopping()
        now = Readiness() if stopping else await readiness()
        body = {
            "ready": now.is_ready and not stopping,
            "waitingFor": list(now.waiting_for),
            "degraded": list(now.degraded),
            "stopping": stopping,
        }
        headers = {"Cache-Control": "no-store"}
        return JSONResponse(body, 200 if body["ready"] else 503, headers)

    async def metrics(_request: Request) -> Response:
        told = await asyncio.to_thread(tell_metrics)
        return Response(told, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    headers = {"ETag": etag_of(sdl.encode()), "Cache-Control": "public, max-age=60"}

    async def schema(request: Request) -> Response:
        if has(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return PlainTextResponse(sdl, headers=headers)

    return [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/schema.graphql", schema),
    ]
