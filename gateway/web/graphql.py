"""The `/graphql` endpoint: who asks, what they see, and the answer as bytes."""

from collections.abc import Callable, Mapping

import orjson
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry import Schema
from strawberry.asgi import GraphQL

from gateway.telemetry import GRAPHQL_REQUESTS
from gateway.web.explorer import CONTENT_SECURITY_POLICY
from gateway.web.identity import InvalidTokenError
from schema.context import Context, Viewer

_VIEWER = "mitra.viewer"


class GraphQLEndpoint(GraphQL[Context, None]):
    """Serves one schema; a bad token is 401 whatever is asked, so that clients notice.

    `identify` reads an `Authorization` header (None: anonymous) and raises
    `InvalidTokenError`; `explorer` gives the page for browsers, or is None.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        identify: Callable[[str | None], Viewer],
        build_context: Callable[[Viewer], Context],
        explorer: Callable[[Request], str] | None,
    ) -> None:
        super().__init__(schema, graphql_ide="graphiql" if explorer else None)
        self.identify = identify
        self.build_context = build_context
        self._explorer = explorer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, once its token has been checked."""
        request = Request(scope, receive)
        response = await self._answer(request)
        GRAPHQL_REQUESTS.labels(status=response.status_code).inc()
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            request.scope[_VIEWER] = self.identify(request.headers.get("authorization"))
            return await self.run(request)
        except InvalidTokenError as exc:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return _refusal(401, "UNAUTHENTICATED", str(exc), headers)
        except HTTPException as exc:
            return _refusal(exc.status_code, "BAD_REQUEST", exc.reason)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        """Return what resolvers see: one consistent moment, for one viewer."""
        del response
        return self.build_context(request.scope[_VIEWER])

    async def render_graphql_ide(self, request: Request) -> Response:
        """Return the explorer's page."""
        page = self._explorer(request) if self._explorer else ""
        return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    def decode_json(self, data: str | bytes) -> object:
        """Decode strictly: no NaN, no bottomless nesting, no invalid UTF-8, no bare value."""
        decoded = orjson.loads(data)
        if not isinstance(decoded, dict | list):
            raise HTTPException(400, "Send a JSON object with a `query`")
        return decoded

    def encode_json(self, data: object) -> bytes:
        """Encode an answer."""
        return orjson.dumps(data)


def _refusal(
    status: int, code: str, reason: str, headers: Mapping[str, str] | None = None
) -> Response:
    body = {"errors": [{"message": reason, "extensions": {"code": code}}]}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
