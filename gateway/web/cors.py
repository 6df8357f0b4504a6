"""Pages of which other origins may ask us from a browser.

Tokens come in headers, so cookies are let in only where a proxy in front signs people in by
them.  Preflights are remembered by browsers for two hours at most.
"""

from collections.abc import Collection, Mapping

from starlette.responses import Response

from gateway.web.preflight import PREFLIGHT_HEADERS
from gateway.web.refusals import EnvelopeCode, EnvelopeError

METHODS = "GET, POST"
_SENT = (
    "authorization",
    "content-type",
    "apollographql-client-name",
    "apollographql-client-version",
    "graphql-cost",
    "traceparent",
    "tracestate",
    "x-request-id",
    *PREFLIGHT_HEADERS,
)
_READ = ("etag", "retry-after", "server-timing", "x-request-id", "ratelimit", "ratelimit-policy")
_REMEMBERED = str(2 * 60 * 60)  # seconds; no browser remembers longer


class Cors:
    """Answers browsers that ask for leave for a page, and lets the pages listed read answers."""

    def __init__(self, origins: Collection[str] = (), *, credentials: bool = False) -> None:
        """Allow pages of `origins`; `*` is any, which never goes with `credentials`."""
        if credentials and "*" in origins:
            raise ValueError("pages of any origin cannot be let in with credentials")
        self._any = "*" in origins
        self._origins = frozenset(origins)
        self._credentials = {"Access-Control-Allow-Credentials": "true"} if credentials else {}

    @property
    def varies(self) -> bool:
        """Whether answers differ by who asks."""
        return bool(self._origins) and not self._any

    def headers_for(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Return what lets the page that asks read the answer; nothing for others."""
        allowed = self._allowed(headers.get("origin"))
        if allowed is None:
            return {}
        return {**allowed, "Access-Control-Expose-Headers": ", ".join(_READ)}

    def preflight(self, headers: Mapping[str, str]) -> Response:
        """Answer OPTIONS.  Raises `EnvelopeError` if it is no preflight, or not to be allowed."""
        origin = headers.get("origin")
        if origin is None or "access-control-request-method" not in headers:
            raise not_allowed()
        allowed = self._allowed(origin)
        if allowed is None:
            reason = "Pages of this origin may not ask here"
            raise EnvelopeError(EnvelopeCode.ORIGIN_NOT_ALLOWED, reason)
        leave = {
            **allowed,
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": ", ".join(_SENT),
            "Access-Control-Max-Age": _REMEMBERED,
            "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        }
        return Response(status_code=204, headers=leave)

    def _allowed(self, origin: str | None) -> Mapping[str, str] | None:
        if origin is None or not (self._any or origin in self._origins):
            return None
        return {"Access-Control-Allow-Origin": "*" if self._any else origin, **self._credentials}


def not_allowed(allowed: str = METHODS) -> EnvelopeError:
    """Return what to raise for a method that is not served."""
    reason = f"Use one of {allowed}"
    return EnvelopeError(EnvelopeCode.METHOD_NOT_ALLOWED, reason, {"Allow": allowed})
