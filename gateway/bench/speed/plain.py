"""Plain Strawberry: its own ASGI view over our schema, our records and our resolvers."""

from contextlib import AsyncExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.asgi import GraphQL

from gateway.app import Gateway
from gateway.settings import Settings
from schema.build import build_schema
from schema.model.viewer import ANONYMOUS


class _View(GraphQL[Any, None]):
    def __init__(self, gateway: Gateway) -> None:
        super().__init__(build_schema(), graphql_ide=None)
        self._gateway = gateway

    async def get_context(self, request: Any, response: Any) -> Any:
        del request, response
        return self._gateway.build_context(ANONYMOUS)


def create_app() -> ASGIApp:
    """Return the application over what is stored where the settings say."""
    gateway = Gateway(Settings())
    view, opened = _View(gateway), AsyncExitStack()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif Request(scope).url.path == "/readyz":
            await _ready()(scope, receive, send)
        else:
            await view(scope, receive, send)

    async def _live(receive: Receive, send: Send) -> None:
        await receive()
        await opened.enter_async_context(gateway.running(background=False))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await opened.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    return answer


def _ready() -> Response:
    return PlainTextResponse("ready\n")
