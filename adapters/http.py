"""The one place where HTTP becomes our vocabulary of failure.

`PartnerClient` is what adapters speak through.  It reads status codes, asks the
manifest's rules first, and raises only `PartnerError`.  It never retries: the gateway
owns the loop.  Reasons name statuses and the partner's error codes, never addresses.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from posixpath import normpath
from typing import IO, Any
from urllib.parse import quote

import httpx
import orjson

from adapters.answers import (
    LONGEST_WAIT_SECONDS,
    Answer,
    plain_meaning,
    retry_after_seconds,
    to_error,
)
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerAccessError,
    PartnerContractError,
    PartnerUnavailableError,
)
from adapters.rules import NO_RULES, ErrorRules, Meaning
from adapters.transport import (
    LARGEST,
    LARGEST_ANSWER,
    AnswerTooLargeError,
    RequestNotSentError,
    to_sentence,
)

__all__ = [
    "LONGEST_WAIT_SECONDS", "NO_RULES", "Answer", "ErrorRules", "HttpClient", "PartnerClient",
    "RequestFailedError", "retry_after_seconds", "to_sentence",
]  # fmt: skip

HttpClient = httpx.AsyncClient
RequestFailedError = httpx.RequestError
_PIECE = 2**20  # bytes that are written at once

_READ = httpx.ByteStream(b"")  # the body of an answer that has been read
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class PartnerClient:
    """Speaks HTTP with one partner, and raises only `PartnerError`.

    Paths are joined to `address` (to `http.base_url` without it); the empty path is the
    address itself.  A full URL, as partners give in "next" links, must stay on the
    address's host, and below a `file:` address.
    """

    def __init__(
        self,
        partner: str,
        http: httpx.AsyncClient,
        rules: ErrorRules = NO_RULES,
        *,
        address: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.partner = partner
        self._http = http
        self._rules = rules
        try:
            self._base = _base_url(address) if address else http.base_url
        except httpx.InvalidURL as exc:
            raise PartnerAccessError(
                partner, "its address in the partners file is not a URL"
            ) from exc
        self._now = now

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the decoded JSON answer to a GET."""
        return self._decoded(await self.fetch(path, params))

    async def fetch(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the raw answer to a GET; 304 is an answer."""
        request = self._request("GET", path, params=params, headers=headers)
        answer = await self._read(request)
        return self._judged(answer, accepted=(HTTPStatus.NOT_MODIFIED,))

    async def download(
        self,
        path: str,
        into: IO[bytes],
        headers: Mapping[str, str] | None = None,
        *,
        largest: int,
    ) -> Answer:
        """Write the body of the answer to a GET to `into`, and return it without; 304 is one.

        It may have `largest` bytes, decoded.
        """
        request = self._request("GET", path, headers=headers, extensions={LARGEST: largest})
        answer = await self._read(request, into)
        return self._judged(answer, accepted=(HTTPStatus.NOT_MODIFIED,))

    async def find(self, path: str) -> Answer | None:
        """Return the raw answer to a GET, or None when the partner answers 404."""
        answer = await self._read(self._request("GET", path))
        if answer.status == HTTPStatus.NOT_FOUND and self._meaning(answer) is None:
            return None
        return self._judged(answer)

    async def query(self, path: str, body: object) -> Any:
        """Return the decoded answer to a POST that only reads (GraphQL)."""
        answer = await self._read(self._request("POST", path, json=body))
        return self._decoded(self._judged(answer))

    async def send(  # noqa: PLR0913  all but method and path are named
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        content_type: str | None = None,
        key: str,
        accept_statuses: tuple[int, ...] = (),
    ) -> Answer:
        """Return the answer to a write under idempotency key `key`.

        Never sent: `PartnerUnavailableError`.  Sent and unanswered, or 5xx without a rule:
        `AmbiguousPartnerError`.  `accept_statuses` are returned instead of raised.
        """
        headers = {"Idempotency-Key": key}
        if content_type is not None:
            headers["Content-Type"] = content_type
        request = self._request(method, path, json=json, content=content, headers=headers)
        answer = await self._write(request)
        if self._may_have_happened(answer):
            raise AmbiguousPartnerError(self.partner, f"answered HTTP {answer.status} to a write")
        return self._judged(answer, accepted=accept_statuses)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _request(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, **parts: Any
    ) -> httpx.Request:
        try:
            url = self._url(path)
            if params:
                url = url.copy_merge_params(params)  # httpx alone would drop the address's own
            return self._http.build_request(method, url, **parts)
        except (httpx.InvalidURL, UnicodeError) as exc:  # made of what the partner gave us
            raise PartnerContractError(
                self.partner, "gave a link or an ETag that cannot be sent"
            ) from exc

    def _url(self, path: str) -> httpx.URL:
        if path == "":
            return self._base
        is_absolute = bool(_ABSOLUTE.match(path))
        base = str(self._base.copy_with(query=None)).rstrip("/")
        url = httpx.URL(path if is_absolute else f"{base}/{path.lstrip('/')}")
        leads_away = is_absolute and _origin(url) != _origin(self._base)
        if leads_away or (url.scheme == "file" and not _is_below(url.path, self._base.path)):
            raise PartnerContractError(self.partner, "points to another host")
        return url

    async def _read(self, request: httpx.Request, into: IO[bytes] | None = None) -> Answer:
        try:
            if into is not None:
                return await self._stream(request, into)
            return await self._exchange(request)
        except httpx.DecodingError as exc:
            raise PartnerContractError(self.partner, to_sentence(exc)) from exc
        except httpx.RequestError as exc:
            raise PartnerUnavailableError(self.partner, to_sentence(exc)) from exc

    async def _write(self, request: httpx.Request) -> Answer:
        try:
            return await self._exchange(request)
        except RequestNotSentError as exc:
            raise PartnerUnavailableError(self.partner, to_sentence(exc)) from exc
        except httpx.RequestError as exc:
            if exc.request is not request:  # authentication failed first: the write never left
                raise PartnerUnavailableError(self.partner, to_sentence(exc)) from exc
            raise AmbiguousPartnerError(self.partner, to_sentence(exc)) from exc

    async def _exchange(self, request: httpx.Request) -> Answer:
        response = await self._http.send(request, follow_redirects=False)
        response.stream = _READ  # httpx's leads back to the response: a circle for each answer
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content)

    async def _stream(self, request: httpx.Request, into: IO[bytes]) -> Answer:
        """Write what comes of a success to `into`, a piece at a time; of others keep the body."""
        response = await self._http.send(request, follow_redirects=False, stream=True)
        largest = request.extensions[LARGEST] if response.is_success else LARGEST_ANSWER
        pieces = bytearray()
        try:
            async for piece in response.aiter_bytes():
                pieces += piece
                largest -= len(piece)
                if largest < 0:
                    raise AnswerTooLargeError("its answer is larger than it may be")
                if response.is_success and len(pieces) >= _PIECE:
                    await asyncio.to_thread(into.write, bytes(pieces))
                    pieces.clear()
        finally:
            await response.aclose()
        if response.is_success:
            await asyncio.to_thread(into.write, bytes(pieces))
            pieces.clear()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(pieces))

    def _meaning(self, answer: Answer) -> Meaning | None:
        return self._rules.meaning(answer.status, answer.body)

    def _may_have_happened(self, answer: Answer) -> bool:
        """Return whether a write's answer leaves open if it took effect."""
        if self._meaning(answer) is not None:
            return False
        is_clear = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES or (
            HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
            and answer.status != HTTPStatus.REQUEST_TIMEOUT
        )
        return not is_clear

    def _judged(self, answer: Answer, accepted: tuple[int, ...] = ()) -> Answer:
        """Return `answer`, or raise what it means."""
        means = self._meaning(answer)
        if means is None and (answer.status in accepted or 200 <= answer.status < 300):  # noqa: PLR2004  success, in HTTP
            return answer
        means, code = means or plain_meaning(answer.status), self._rules.code(answer.body)
        raise to_error(self.partner, answer, means, code, self._now())

    def _decoded(self, answer: Answer) -> Any:
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError as exc:
            raise PartnerContractError(self.partner, "its answer is not JSON") from exc


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_below(path: str, folder: str) -> bool:
    return normpath(path).startswith(f"{folder.rstrip('/')}/")


def _base_url(address: str) -> httpx.URL:
    if address.startswith("file:"):  # a plain path: "?" and "#" may be part of a name
        path = address.removeprefix("file:").removeprefix("//")
        return httpx.URL(f"file://localhost{quote(path)}")  # without a host, httpx drops the scheme
    return httpx.URL(address)
