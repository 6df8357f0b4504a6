"""Who is shown the explorer: a layer before `/graphql` that answers browsers.

A page that is loaded brings no token, and a cookie would be a second way to be signed in.  So
where the explorer is for some roles only, a browser gets a form for its token, and what the form
is answered with is the page itself, with the token in the headers of its ready operations.
Nothing is kept, here or there.  A proxy that signs people in may send the token instead.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.settings import Audience
from gateway.web.bodies import BodyTooLargeError, BodyTooSlowError, read_body
from gateway.web.explorer import CONTENT_SECURITY_POLICY, STATIC
from schema.model.viewer import ANONYMOUS, Viewer

SIGN_IN = "/explorer/open"
MOST_FORM_BYTES = 20_000
FORM_SECONDS = 8.0  # for it to arrive
_ASKING = frozenset({"query", "documentId", "doc_id", "id", "extensions"})  # then it is a question
_FOR_BROWSERS_ALONE = {"Cache-Control": "no-store", "Vary": "Accept"}  # others get answers here
_FORM_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_FORM = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mitra · GraphQL explorer</title>
<link rel="icon" href="data:,">
<style>body {{ font: 1rem/1.5 sans-serif; margin: 4rem auto; max-width: 36rem; padding: 0 1rem }}
textarea {{ width: 100% }}</style>
</head>
<body>
<h1>GraphQL explorer</h1>
<p role="status">{said}</p>
<form method="post" action="{action}">
<p><label for="token">Your bearer token</label><br>
<textarea id="token" name="token" rows="5" autocomplete="off" required></textarea>
<p><button>Open the explorer</button>
</form>
<p>The token is sent with this form and with what you ask; it is kept nowhere.</p>
</body>
</html>
"""

Identify = Callable[[str | None], Awaitable[Viewer]]


class Page(Protocol):
    """Makes the explorer's page."""

    def __call__(self, request: Request, headers: Mapping[str, str]) -> str:
        """Return its HTML; `headers` are what the ready operations send."""


class ExplorerDesk:
    """An ASGI layer: browsers' GETs are answered here, all else goes to `app`."""

    def __init__(self, app: ASGIApp, audience: Audience, identify: Identify, page: Page) -> None:
        """Show `page` to `audience`; `identify` raises as the verifier does."""
        self._app = app
        self._audience = audience
        self._identify = identify
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _is_browser(scope):
            await self._app(scope, receive, send)
            return
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    def routes(self) -> list[Route | Mount]:
        """Return what the page is made of, and where its form leads; nothing without a page."""
        if self._audience.is_nobody:
            return []
        files = StaticFiles(directory=STATIC, check_dir=False)  # it may be built while we run
        return [
            Route(SIGN_IN, self._open, methods=["POST"]),
            Mount("/explorer", _Files(files)),
        ]

    async def _answer(self, request: Request) -> Response:
        if self._audience.is_nobody:
            return PlainTextResponse("Not Found", HTTPStatus.NOT_FOUND, _FOR_BROWSERS_ALONE)
        if self._audience.is_everybody:
            return self._shown(request, {})
        authorization = request.headers.get("authorization")
        if authorization is None:
            return _form("This page is for some roles only.", HTTPStatus.UNAUTHORIZED)
        return await self._shown_to(request, authorization, {})

    async def _open(self, request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return _form("The form was sent from another site.", HTTPStatus.FORBIDDEN)
        authorization = f"Bearer {await _read_token(request)}"
        return await self._shown_to(request, authorization, {"Authorization": authorization})

    async def _shown_to(
        self, request: Request, authorization: str, headers: Mapping[str, str]
    ) -> Response:
        """Return the page if the token is one of the audience's, else the form."""
        try:
            viewer = await self._identify(authorization)
        except InvalidTokenError as exc:
            return _form(str(exc), HTTPStatus.UNAUTHORIZED)
        except UncheckableTokenError as exc:
            later = _form(str(exc), HTTPStatus.SERVICE_UNAVAILABLE)
            later.headers["Retry-After"] = str(exc.retry_after)
            return later
        if viewer == ANONYMOUS or not self._audience.admits(viewer):
            return _form("This token's role is none of those.", HTTPStatus.FORBIDDEN)
        return self._shown(request, headers)

    def _shown(self, request: Request, headers: Mapping[str, str]) -> Response:
        careful = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
        return HTMLResponse(self._page(request, headers), headers=careful)


class _Files:
    """The page's files, under its own policy: a worker is bound by that of its script."""

    def __init__(self, files: ASGIApp) -> None:
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Mapping[str, object]) -> None:
            told = dict(message)
            if told["type"] == "http.response.start":
                policy = (b"content-security-policy", CONTENT_SECURITY_POLICY.encode())
                told["headers"] = [*told["headers"], policy]  # type: ignore[misc]
            await send(told)

        await self._files(scope, receive, answer)


def _is_browser(scope: Scope) -> bool:
    """Return whether somebody has opened the address, rather than asked something."""
    if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
        return False
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if b"text/html" not in headers.get(b"accept", b""):
        return False
    return _ASKING.isdisjoint(parse_qs(scope["query_string"].decode("latin-1")))


async def _read_token(request: Request) -> str:
    """Return the form's token; an empty one for a form that is none, too long or too slow."""
    try:
        body = await read_body(request, MOST_FORM_BYTES, FORM_SECONDS)
    except (BodyTooLargeError, BodyTooSlowError, ClientDisconnect):
        return ""
    fields = parse_qs(body.decode("latin-1"))
    return fields.get("token", [""])[0].strip()


def _form(said: str, status: HTTPStatus) -> Response:
    headers = {"Content-Security-Policy": _FORM_POLICY, "Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return HTMLResponse(_FORM.format(said=said, action=SIGN_IN), status, headers)
