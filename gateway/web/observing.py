"""A layer around `/graphql` that observes each request as one operation.

The layer sees client, status and time; what stands between it and the engine writes the rest
into `observed(scope)`.  Operations over WebSockets are observed one by one, by their transport.
"""

import asyncio
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.execution.manifests import Manifest
from gateway.telemetry.observed import Observed
from gateway.telemetry.operations import Known, Observer
from gateway.web.refusals import EnvelopeCode
from schema.errors import ErrorCode

CODES = frozenset({*ErrorCode, *EnvelopeCode.__members__})  # that an answer of ours may carry
_KEY = "mitra.observed"


class ObservedEndpoint:
    """Tells an observer of every HTTP request to an endpoint."""

    def __init__(self, app: ASGIApp, observer: Observer) -> None:
        self._app = app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._observer.operation(dict(scope["headers"])) as seen:
            scope[_KEY] = seen

            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    seen.status = int(message["status"])
                await send(message)

            try:
                await self._app(scope, receive, answer)
            except asyncio.CancelledError:
                seen.is_gone = True
                raise


def observed(scope: Scope) -> Observed:
    """Return what is known of the operation that a request carries, to write more into it."""
    seen = scope.get(_KEY)
    return seen if isinstance(seen, Observed) else Observed()


def known_names(manifests: Iterable[Manifest]) -> Known:
    """Return what metrics show by its name: registered operations, their clients, all codes."""
    operations, clients = set(), set()
    for manifest in manifests:
        clients.add(manifest.client)
        operations |= {each.name for each in manifest.operations.values() if each.name}
    return Known(frozenset(operations), frozenset(clients), CODES)
