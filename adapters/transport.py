"""The one place that knows whether a byte left: httpx over aiohttp's connections.

`RequestNotSentError` is raised only where the request certainly stayed here: no
connection, no name, no TLS.  Everything later is `AnswerLostError`, however it looks.
Answers are decompressed here, and never to more than `LARGEST_ANSWER` bytes; a request's
extension `LARGEST` allows more, for what goes to the disk piece by piece.  Headers are bounded
too.  No connection is made to an address outside the `Reach`.
"""

import asyncio
import errno
import ssl
import zlib
from collections.abc import AsyncIterator
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import IO

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from adapters.addresses import (
    PUBLIC,
    AddressRefusedError,
    CheckedResolver,
    Reach,
    ThreadedNames,
    check_literal,
)
from adapters.connections import StrictConnector, without_own_retries

LARGEST_ANSWER = 10_000_000
LARGEST = "mitra.largest"
LARGEST_HEADER = 8_190
_PIECE = 2**20
LARGEST_HEADERS = 32_000  # of one answer, all together
MOST_HEADERS = 100
READ_KEEPALIVE_SECONDS = 15.0
WRITE_KEEPALIVE_SECONDS = 1.0  # a partner may have closed an older one, and then nobody knows
MOST_CONNECTIONS = 20
TIMEOUT = httpx.Timeout(20.0, connect=5.0, pool=5.0)


class RequestNotSentError(httpx.ConnectError):
    """Nothing was sent: repeating the request is safe, a write too."""


class AnswerLostError(httpx.ReadError):
    """The request, or part of it, was sent, and no whole answer came."""


class AnswerTooLargeError(httpx.DecodingError):
    """The answer is larger than we are ready to read."""


class PartnerTransport(httpx.AsyncBaseTransport):
    """Sends requests over aiohttp; reads `file:` addresses in a thread.

    Writes have connections of their own, which are not reused once they stood idle.
    Cookies are neither kept nor sent.
    """

    def __init__(self, largest_answer: int = LARGEST_ANSWER, reach: Reach = PUBLIC) -> None:
        self._largest = largest_answer
        self._reach = reach
        self._reads = _build_pool(READ_KEEPALIVE_SECONDS, reach)
        self._writes = _build_pool(WRITE_KEEPALIVE_SECONDS, reach)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; raises the three errors of this module."""
        largest = request.extensions.get(LARGEST, self._largest)
        if request.url.scheme == "file":
            return await asyncio.to_thread(_read_file, request, largest)
        transport = self._reads if request.method in ("GET", "HEAD") else self._writes
        try:
            check_literal(URL(str(request.url)).host, self._reach)
            response = await transport.handle_async_request(request)
        except (httpx.RequestError, aiohttp.ClientError, OSError, ValueError) as exc:
            raise to_transport_error(exc.__cause__ or exc) from exc
        if sum(len(name) + len(value) for name, value in response.headers.raw) > LARGEST_HEADERS:
            await response.aclose()
            raise AnswerLostError(f"its answer has more than {LARGEST_HEADERS:,} bytes of headers")
        return _guarded(response, largest)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._reads.aclose()
        await self._writes.aclose()


def _guarded(response: httpx.Response, largest: int) -> httpx.Response:
    encoding = response.headers.pop("content-encoding", "identity")
    response.headers.pop("content-length", None)  # of the compressed bytes
    stream = _GuardedStream(response.stream, encoding, largest)
    return httpx.Response(response.status_code, headers=response.headers, stream=stream)


def build_http(auth: httpx.Auth | None = None, reach: Reach = PUBLIC) -> httpx.AsyncClient:
    """Return the client that partners are called with: no redirects, no environment proxies."""
    return httpx.AsyncClient(
        transport=PartnerTransport(reach=reach),
        auth=auth,
        timeout=TIMEOUT,
        headers={"Accept-Encoding": "gzip", "User-Agent": "mitra"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # httpx would keep them
        follow_redirects=False,
        trust_env=False,
    )


def to_transport_error(exc: BaseException) -> httpx.RequestError:
    """Return which of our errors aiohttp's is; what is not surely unsent counts as sent."""
    refused = getattr(exc, "os_error", exc)
    if isinstance(refused, AddressRefusedError):
        return RequestNotSentError(str(refused))
    for kind, error, sentence in _SENTENCES:
        if isinstance(exc, kind):
            return error(sentence)
    if isinstance(exc, aiohttp.ClientConnectorError):
        is_refused = exc.os_error.errno == errno.ECONNREFUSED
        return RequestNotSentError("refuses connections" if is_refused else "cannot be reached")
    return AnswerLostError("broke off without a whole answer")


# The first that fits; ClientConnectorError itself is told apart by its errno.
_SENTENCES: tuple[tuple[type[BaseException], type[httpx.RequestError], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, RequestNotSentError, "its certificate is not valid"),
    (aiohttp.ClientSSLError, RequestNotSentError, "no TLS connection could be made"),
    (aiohttp.ClientConnectorDNSError, RequestNotSentError, "its host name is not known"),
    (aiohttp.ConnectionTimeoutError, RequestNotSentError, "no connection could be made in time"),
    (aiohttp.InvalidURL, RequestNotSentError, "its address is not a URL"),
    (aiohttp.NonHttpUrlClientError, RequestNotSentError, "its address is not a web address"),
    (httpx.UnsupportedProtocol, RequestNotSentError, "its address is not a web address"),
    (TimeoutError, AnswerLostError, "did not answer in time"),
    (aiohttp.ServerDisconnectedError, AnswerLostError, "closed the connection without answering"),
    (aiohttp.ClientPayloadError, AnswerLostError, "broke off in mid-answer"),
    (aiohttp.ClientResponseError, AnswerLostError, "did not answer in HTTP"),
)


def to_sentence(exc: httpx.RequestError) -> str:
    """Return what happened, without the addresses that foreign messages carry."""
    if isinstance(exc, RequestNotSentError | AnswerLostError | AnswerTooLargeError):
        return str(exc)
    if isinstance(exc, httpx.TimeoutException):
        return "did not answer in time"
    if isinstance(exc, httpx.DecodingError):
        return "its answer cannot be decompressed"
    return "broke off without a whole answer"


class Decoder:
    """Turns the chunks of one answer into decoded ones, and refuses more than `largest` bytes.

    Raises `httpx.DecodingError` for encodings that we did not ask for, and for half an answer.
    """

    def __init__(self, encoding: str, largest: int) -> None:
        name = encoding.strip().lower()
        if name not in ("identity", "gzip"):
            raise httpx.DecodingError("its answer has an encoding that we did not ask for")
        self._gzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if name == "gzip" else None
        self._largest = largest
        self._left = largest
        self._is_empty = True

    def decode(self, chunk: bytes) -> bytes:
        """Return the next decoded bytes."""
        self._is_empty = False
        try:
            decoded = self._gzip.decompress(chunk, self._left + 1) if self._gzip else chunk
        except zlib.error as exc:
            raise httpx.DecodingError("its answer cannot be decompressed") from exc
        self._left -= len(decoded)
        if self._left < 0:
            raise AnswerTooLargeError(f"its answer is larger than {self._largest:,} bytes")
        return decoded

    def finish(self) -> None:
        """Refuse an answer that has not come to its end, or goes on behind it."""
        if self._is_empty or self._gzip is None:  # nothing is a whole answer to a 304
            return
        if not self._gzip.eof or self._gzip.unused_data:
            raise httpx.DecodingError("its answer is not one whole gzip")


class _GuardedStream(httpx.AsyncByteStream):
    """An answer's body, decoded, counted, and with failures in our words."""

    def __init__(self, stream: object, encoding: str, largest: int) -> None:
        self._stream: httpx.AsyncByteStream = stream  # type: ignore[assignment]  # it is async
        self._encoding = encoding
        self._largest = largest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        decoder = Decoder(self._encoding, self._largest)
        try:
            async for chunk in self._stream:
                yield decoder.decode(chunk)
            decoder.finish()
        except httpx.DecodingError:
            raise
        except (httpx.RequestError, aiohttp.ClientError, OSError) as exc:
            raise to_transport_error(exc.__cause__ or exc) from exc

    async def aclose(self) -> None:
        await self._stream.aclose()


def _build_pool(keepalive_seconds: float, reach: Reach) -> AiohttpTransport:
    return AiohttpTransport(verify=_tls(), client=partial(_build_session, keepalive_seconds, reach))


def _build_session(keepalive_seconds: float, reach: Reach) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=StrictConnector(
            limit=MOST_CONNECTIONS,
            keepalive_timeout=keepalive_seconds,
            ssl=_tls(),
            resolver=CheckedResolver(ThreadedNames(), reach),
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=LARGEST_HEADER,
        max_field_size=LARGEST_HEADER,
        max_headers=MOST_HEADERS,
    )
    return without_own_retries(session)


@cache
def _tls() -> ssl.SSLContext:
    """Return the one context: making it reads every certificate authority from the disk."""
    return ssl.create_default_context()


class _FileStream(httpx.AsyncByteStream):
    """A file of the file system, piece by piece."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await asyncio.to_thread(self._file.read, _PIECE):
            yield piece

    async def aclose(self) -> None:
        self._file.close()


def _read_file(request: httpx.Request, largest: int) -> httpx.Response:
    """Answer a GET from the file system; the ETag is made of time and size."""
    path = Path(request.url.path)
    try:
        status = path.stat()
        etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        if request.headers.get("If-None-Match") == etag:
            return httpx.Response(304, headers={"ETag": etag})
        if status.st_size > largest:
            raise AnswerTooLargeError(f"its file is larger than {largest:,} bytes")
        return httpx.Response(200, headers={"ETag": etag}, stream=_FileStream(path.open("rb")))
    except OSError as exc:
        raise RequestNotSentError(f"its file cannot be read ({exc.strerror})") from exc
