"""Sending one webhook, and what came of it: the one place where subscribers are called.

The connection is made to public addresses only, as those to partners are (`adapters.addresses`);
redirects are not followed, and of an answer nothing but its status and Retry-After is read.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from adapters.addresses import PUBLIC, AddressRefusedError, Reach, ThreadedNames, check_literal
from adapters.http import HttpClient, RequestFailedError, retry_after_seconds, to_sentence
from adapters.transport import build_http

SECONDS = 15.0
LARGEST_ANSWER = 16 * 1024
LONGEST_URL = 2_000


class BadAddressError(ValueError):
    """Nothing is sent to such an address; the message says why."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of a webhook; no `failure`: it was taken."""

    failure: str | None = None
    is_gone: bool = False  # the subscriber wants no more
    retry_after: float = 0.0


class Post(Protocol):
    """Sends webhooks to one address."""

    async def send(self, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Send one, and return what came of it, whatever that is."""

    async def aclose(self) -> None:
        """Let go of the connections."""


class HttpPost:
    """Sends webhooks to one address, over connections of its own: a slow one is only itself."""

    def __init__(self, url: str, reach: Reach, now: Callable[[], datetime]) -> None:
        self._url = url
        self._http: HttpClient = build_http(reach=reach)
        self._now = now

    async def send(self, body: bytes, headers: Mapping[str, str]) -> Posted:
        """See `Post`."""
        try:
            async with asyncio.timeout(SECONDS):
                request = self._http.build_request(
                    "POST", self._url, content=body, headers=dict(headers)
                )
                answer = await self._http.send(request, stream=True)
        except TimeoutError:
            return Posted("did not answer in time")
        except RequestFailedError as exc:
            return Posted(to_sentence(exc))
        await _finish(answer)
        if answer.is_success:
            return Posted()
        status = answer.status_code
        wait = retry_after_seconds(answer.headers.get("retry-after"), self._now()) or 0.0
        return Posted(f"answered HTTP {status}", status == HTTPStatus.GONE, wait)

    async def aclose(self) -> None:
        """See `Post`."""
        await self._http.aclose()


async def _finish(answer: Any) -> None:
    """Read the little that an answer may say, so that its connection can be used again."""
    left = LARGEST_ANSWER
    with suppress(TimeoutError, RequestFailedError):  # its status has been told
        async with asyncio.timeout(SECONDS):
            async for chunk in answer.aiter_bytes():
                left -= len(chunk)
                if left < 0:
                    break
    await answer.aclose()


async def check_address(url: str, reach: Reach) -> None:
    """Raise `BadAddressError` for what no webhook may be sent to.

    It is checked again at every connection; here, so that whoever subscribes hears of it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError as exc:
        raise BadAddressError("the address is not a URL") from exc
    if not host or parts.scheme not in ("https", "http") or len(url) > LONGEST_URL:
        raise BadAddressError("the address is an https URL")
    if parts.username is not None or parts.fragment or not url.isprintable() or " " in url:
        raise BadAddressError("the address has no user, password, fragment or blank")
    try:
        check_literal(host, reach)
        found = [each["host"] for each in await ThreadedNames().resolve(host, port)]
    except AddressRefusedError as exc:
        raise BadAddressError(f"{exc}; MITRA_PARTNER_NETWORKS may allow it") from exc
    except OSError as exc:
        raise BadAddressError("the host's name is not known") from exc
    if not all(map(reach.allows, found)):
        raise BadAddressError("its host is not public; MITRA_PARTNER_NETWORKS may allow it")
    if parts.scheme == "http" and any(map(PUBLIC.allows, found)):
        raise BadAddressError("on the public internet the address is an https URL")
