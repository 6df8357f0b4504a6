"""The busiest addresses, led straight to what answers there: a router asks ten layers first."""

from collections.abc import Mapping

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send


class Straight:
    """An ASGI layer that answers HTTP at the paths of `at`, and leaves the rest to `app`."""

    def __init__(self, app: ASGIApp, at: Mapping[str, ASGIApp]) -> None:
        """Lead to each of `at` within what the router has around it for surprises."""
        self._app = app
        self._at = {path: ServerErrorMiddleware(each) for path, each in at.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = self._at.get(scope["path"]) if scope["type"] == "http" else None
        await (found or self._app)(scope, receive, send)
