"""The last step of an answer: packed, with all its headers, or 304 for who has it already."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from gateway.execution.answers import Answer
from gateway.execution.etags import has
from gateway.execution.packing import Encoding, is_small, pack
from gateway.web.compression import choose_encoding
from gateway.web.cors import Cors
from gateway.web.exchange import Exchange
from gateway.web.negotiation import Media
from gateway.web.replies import VARY, cache_headers
from gateway.web.surprises import RETRY_SECONDS

_JSON = (Media.JSON, Media.GRAPHQL)


class Finishing:
    """Turns answers into responses."""

    def __init__(self, cors: Cors) -> None:
        self._cors = cors
        self._vary = f"{VARY}, Origin" if cors.varies else VARY

    async def response(
        self, exchange: Exchange, answer: Answer, extra: Mapping[str, str]
    ) -> Response:
        """Return the response to a request."""
        headers = {
            **cache_headers(answer, is_public=exchange.is_for_caches),
            **self.headers(exchange),
            **extra,
        }
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers.setdefault("Retry-After", str(RETRY_SECONDS))
        if "ETag" in headers and has(exchange.headers.get("if-none-match", ""), answer.tag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        body, encoding = await self._body(exchange, answer)
        if encoding is not None:
            headers["Content-Encoding"] = encoding.value
        headers["Server-Timing"] = exchange.server_timing()
        media = exchange.media if exchange.media in _JSON else Media.JSON
        headers["Content-Type"] = media.value
        return Response(body, answer.status, headers)

    def headers(self, exchange: Exchange) -> Mapping[str, str]:
        """Return on what an answer depends, what pages of others need, and what is left to spend.

        The last is for who asks alone, so it is not told where others may keep the answer.
        """
        told = {"Vary": self._vary, **self._cors.headers_for(exchange.headers)}
        if exchange.allowance and not exchange.is_for_caches:
            told.update(exchange.allowance.headers)
        return told

    async def _body(self, exchange: Exchange, answer: Answer) -> tuple[bytes, Encoding | None]:
        encoding = choose_encoding(exchange.headers.get("accept-encoding"))
        if encoding is None or is_small(answer.body):
            return answer.body, None
        kept = exchange.kept  # packed once for all who take it so
        packed = kept.bodies.get(encoding) if kept else None
        if packed is None:
            with exchange.timed("pack"):
                packed = await pack(answer.body, encoding)
            if kept:
                kept.pack(encoding, packed)
        return packed, encoding
