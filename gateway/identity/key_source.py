"""Where an issuer's keys come from: fetched when one is missing, at most once a minute.

An issuer may be down for a while: what was fetched is good for a day.  A key that it withdraws
stops to count within a quarter of an hour.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from math import ceil

import httpx
import orjson
import structlog

from adapters.addresses import Reach
from adapters.transport import PartnerTransport
from gateway.identity.addresses import is_safe
from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.identity.jwks import KeySetError, PublicKey, to_keys
from gateway.telemetry import KEY_FETCHES

REFRESH_SECONDS = 60.0  # at least between two fetches, however many unknown keys are asked for
RENEW_SECONDS = 900.0  # after which known keys are looked up again, behind whoever asks
KEEP_SECONDS = 86_400.0  # for which keys are good though their issuer does not answer
FETCH_SECONDS = 5.0  # for all of one fetch
LARGEST_ANSWER = 262_144
DISCOVERY = "/.well-known/openid-configuration"
_OWN_CHOICE = Reach((ip_network("0.0.0.0/0"), ip_network("::/0")))  # whoever set it trusts it

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where to ask: the issuer, and its key set's address if it is not to be discovered."""

    issuer: str
    jwks_url: str | None = None
    loopback: bool = False  # whether this machine may be asked without TLS


class KeySource:
    """The keys of one issuer; `build` makes an HTTP client that follows no redirects."""

    def __init__(
        self,
        place: Place,
        build: Callable[[], httpx.AsyncClient] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        self._build = build or build_http
        self._http: httpx.AsyncClient | None = None  # made in the event loop that uses it
        self._clock = clock
        self._keys: Mapping[str, PublicKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str, algorithm: str) -> PublicKey:
        """Return a key that may sign with an algorithm.

        Raises `InvalidTokenError`, and `UncheckableTokenError` while the issuer does not answer.
        """
        if not self._is_younger_than(KEEP_SECONDS):
            self._keys = {}
        key = self._keys.get(key_id)
        if key is None:
            await self._fetch_if_due()
            key = self._keys.get(key_id)
        elif not self._is_younger_than(RENEW_SECONDS):
            self._begin_if_due()
        if key is not None and algorithm in key.algorithms:
            return key
        raise InvalidTokenError if self._is_reachable() else UncheckableTokenError(self._due_in())

    async def aclose(self) -> None:
        """Stop fetching, and close every connection."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        if self._http is not None:
            await self._http.aclose()

    def _is_younger_than(self, seconds: float) -> bool:
        return self._fetched_at is not None and self._clock() - self._fetched_at < seconds

    def _is_reachable(self) -> bool:
        """Return whether the last fetch went well."""
        return self._fetched_at is not None and self._fetched_at == self._tried_at

    def _due_in(self) -> int:
        """Return after how many seconds the issuer is asked again."""
        tried_at = self._clock() if self._tried_at is None else self._tried_at
        return max(1, ceil(tried_at + REFRESH_SECONDS - self._clock()))

    async def _fetch_if_due(self) -> None:
        fetching = self._begin_if_due()
        if fetching is not None:
            await asyncio.shield(fetching)  # others may wait for the same one

    def _begin_if_due(self) -> asyncio.Task[None] | None:
        """Return the fetch that is under way, begun if it is time for one."""
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        now = self._clock()
        if self._tried_at is not None and now - self._tried_at < REFRESH_SECONDS:
            return None
        self._tried_at = now
        self._fetching = asyncio.create_task(self._fetch(now))
        return self._fetching

    async def _fetch(self, began: float) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._keys = to_keys(await self._get(await self._find_address()))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, KeySetError) as exc:
            KEY_FETCHES.labels(outcome="failed").inc()
            log.warning("identity.keys_not_fetched", error=type(exc).__name__)
            return
        self._fetched_at = began
        KEY_FETCHES.labels(outcome="ok").inc()
        log.info("identity.keys_fetched", keys=len(self._keys))

    async def _find_address(self) -> str:
        if self._place.jwks_url is not None:
            return self._place.jwks_url
        try:
            told = orjson.loads(await self._get(self._place.issuer.rstrip("/") + DISCOVERY))
        except ValueError as exc:
            raise KeySetError("the issuer's description is not JSON") from exc
        if not isinstance(told, dict) or told.get("issuer") != self._place.issuer:
            raise KeySetError("the issuer's description is of another issuer")
        address = told.get("jwks_uri")
        if not isinstance(address, str) or not is_safe(address, loopback=self._place.loopback):
            raise KeySetError("the issuer's description names no safe address of keys")
        return address

    async def _get(self, address: str) -> bytes:
        if self._http is None:
            self._http = self._build()
        response = await self._http.get(address)
        if response.status_code != httpx.codes.OK:
            raise KeySetError(f"answers {response.status_code}")
        return response.content


def build_http() -> httpx.AsyncClient:
    """Return a client with bounds: no redirects, no proxies, answers of a size that is read."""
    return httpx.AsyncClient(
        transport=PartnerTransport(LARGEST_ANSWER, _OWN_CHOICE),
        timeout=FETCH_SECONDS,
        headers={
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "mitra",
        },
        follow_redirects=False,
        trust_env=False,
    )
