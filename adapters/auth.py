"""How requests prove who sends them: one `httpx.Auth` per kind that a manifest may name.

An access token (`ClientCredentials`) is the only state that an adapter holds.
"""

import asyncio
import hmac
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus

import httpx
import orjson
from yarl import URL

from adapters.base import PartnerSettings
from adapters.errors import (
    PartnerAccessError,
    PartnerContractError,
    PartnerError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.http import retry_after_seconds
from adapters.manifest import AuthKind, AuthSpec
from adapters.rules import NO_RULES, ErrorRules, Meaning

Clock = Callable[[], datetime]
AuthFlow = Generator[httpx.Request, httpx.Response, None]
AsyncAuthFlow = AsyncGenerator[httpx.Request, httpx.Response]

TOKEN_MARGIN = timedelta(seconds=10)  # a token this close to its end is renewed first


def build_auth(
    spec: AuthSpec,
    settings: PartnerSettings,
    *,
    rules: ErrorRules = NO_RULES,
    now: Clock = lambda: datetime.now(UTC),
) -> httpx.Auth | None:
    """Return the authentication that `spec` names, with the partner's secrets.

    Raises `PartnerAccessError` when a secret is missing.
    """
    _check_secrets(spec, settings)
    return _BUILDERS[spec.kind](spec, settings, rules, now)


def _check_secrets(spec: AuthSpec, settings: PartnerSettings) -> None:
    for name in spec.secrets:
        if not settings.secrets.get(name):
            raise PartnerAccessError(
                settings.code,
                f"needs the secret {name!r} for its {spec.kind} authentication: "
                f"add it under `secrets` in the partners file",
            )


class HeaderAuth(httpx.Auth):
    """Sends a constant header: bearer tokens and API keys."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Add the header."""
        request.headers[self._name] = self._value
        yield request


class HmacAuth(httpx.Auth):
    """Signs method, path with query, time and body digest with a shared key (`signature`).

    `headers` are the names for key id, time and signature.  The time is in seconds
    since 1970.
    """

    requires_request_body = True

    def __init__(
        self, key_id: str, key_secret: str, headers: tuple[str, str, str], now: Clock
    ) -> None:
        self._key_id = key_id
        self._key_secret = key_secret
        self._headers = headers
        self._now = now

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Add the three headers."""
        timestamp = str(int(self._now().timestamp()))
        path = URL(str(request.url)).raw_path_qs  # as aiohttp spells it on the wire
        signed = signature(self._key_secret, request.method, path, timestamp, request.content)
        values = (self._key_id, timestamp, signed)
        request.headers.update(dict(zip(self._headers, values, strict=True)))
        yield request


def signature(key: str, method: str, path: str, timestamp: str, body: bytes) -> str:
    """Return the hex HMAC-SHA256 of a request, as partners check it.

    What is signed are four lines: the method, the path with its query as sent, the
    timestamp, and the hex SHA-256 of the body.
    """
    lines = "\n".join((method, path, timestamp, sha256(body).hexdigest()))
    return hmac.new(key.encode(), lines.encode(), sha256).hexdigest()


class SignedUrlAuth(httpx.Auth):
    """Adds `expires` (seconds since 1970) and `signature` to the query (`url_signature`)."""

    def __init__(self, signing_key: str, lifetime_seconds: int, now: Clock) -> None:
        self._key = signing_key
        self._lifetime = lifetime_seconds
        self._now = now

    def auth_flow(self, request: httpx.Request) -> AuthFlow:
        """Sign the address."""
        expires = str(int(self._now().timestamp()) + self._lifetime)
        path = URL(str(request.url)).raw_path
        signed = {"expires": expires, "signature": url_signature(self._key, path, expires)}
        request.url = request.url.copy_merge_params(signed)
        yield request


def url_signature(key: str, path: str, expires: str) -> str:
    """Return the hex HMAC-SHA256 over the path and, on a second line, the end of validity."""
    return hmac.new(key.encode(), f"{path}\n{expires}".encode(), sha256).hexdigest()


class ClientCredentials(httpx.Auth):
    """OAuth 2 client credentials: keeps one token, and renews it once for all who wait.

    They share a renewal that the partner refuses, too.

    A token is renewed before its end, and when the partner answers 401 (or what its
    rules call unauthorised): the request is then sent once more, which is safe, as a
    refused request was not carried out.
    """

    def __init__(
        self, settings: PartnerSettings, token_path: str, scope: str, rules: ErrorRules, now: Clock
    ) -> None:
        self._partner = settings.code
        self._url = f"{settings.address.rstrip('/')}/{token_path.lstrip('/')}"
        self._client = httpx.BasicAuth(
            settings.secrets["client_id"], settings.secrets["client_secret"]
        )
        self._form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        self._rules = rules
        self._now = now
        self._token: str | None = None
        self._ends = datetime.min.replace(tzinfo=UTC)
        self._renewing = asyncio.Lock()
        self._renewals = 0
        self._failure: PartnerError | None = None  # of the last renewal

    async def async_auth_flow(self, request: httpx.Request) -> AsyncAuthFlow:
        """Send `request` with a live token, and once more if that was refused."""
        refused: int | None = None
        for attempt in (1, 2):
            seen = self._renewals
            async with self._renewing:
                if self._needs_token(refused):
                    if self._failure is not None and self._renewals > seen:
                        raise self._failure  # of the renewal that this request waited for
                    answer = yield self._token_request()
                    await answer.aread()
                    self._renew(answer)
            used = self._renewals
            request.headers["Authorization"] = f"Bearer {self._token}"
            response = yield request
            if attempt == 1 and await self._is_unauthorised(response):
                refused = used
                continue
            return

    def _needs_token(self, refused: int | None) -> bool:
        """Return whether there is no token, or only one that was refused or is about to end.

        `refused` is the number of renewals that the refused token came after: a partner may
        well give the very same token again.
        """
        if self._token is None or self._now() >= self._ends - TOKEN_MARGIN:
            return True
        return refused is not None and (refused == self._renewals or self._failure is not None)

    def _token_request(self) -> httpx.Request:
        request = httpx.Request("POST", self._url, data=self._form)
        return next(self._client.auth_flow(request))

    async def _is_unauthorised(self, response: httpx.Response) -> bool:
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            return True
        if response.is_success:
            return False
        body = await response.aread()
        return self._rules.meaning(response.status_code, body) is Meaning.UNAUTHORISED

    def _renew(self, answer: httpx.Response) -> None:
        self._renewals += 1
        try:
            self._keep(answer)
        except PartnerError as exc:
            self._failure = exc
            raise
        self._failure = None

    def _keep(self, answer: httpx.Response) -> None:
        self._raise_for_status(answer)
        try:
            body = orjson.loads(answer.content)
            token, seconds = str(body["access_token"]), int(body.get("expires_in", 3600))
        except (KeyError, TypeError, ValueError, OverflowError) as exc:
            raise PartnerContractError(self._partner, "its token answer has no token") from exc
        self._token = token
        self._ends = self._now() + timedelta(seconds=min(max(seconds, 0), 86_400))

    def _raise_for_status(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = retry_after_seconds(answer.headers.get("Retry-After"), self._now())
            raise PartnerThrottledError(self._partner, retry_after=wait)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise PartnerUnavailableError(self._partner, f"gives no token (HTTP {status})")
        if not answer.is_success:
            raise PartnerAccessError(self._partner, f"refuses our credentials (HTTP {status})")


Builder = Callable[[AuthSpec, PartnerSettings, ErrorRules, Clock], httpx.Auth | None]


def _bearer(_spec: AuthSpec, told: PartnerSettings, _rules: ErrorRules, _now: Clock) -> httpx.Auth:
    return HeaderAuth("Authorization", f"Bearer {told.secrets['token']}")


def _basic(_spec: AuthSpec, told: PartnerSettings, _rules: ErrorRules, _now: Clock) -> httpx.Auth:
    return httpx.BasicAuth(told.secrets["username"], told.secrets["password"])


def _api_key(spec: AuthSpec, told: PartnerSettings, _rules: ErrorRules, _now: Clock) -> httpx.Auth:
    return HeaderAuth(spec.parameters["header"], told.secrets["api_key"])


def _hmac(spec: AuthSpec, told: PartnerSettings, _rules: ErrorRules, now: Clock) -> httpx.Auth:
    given = spec.parameters
    names = (given["key_header"], given["timestamp_header"], given["signature_header"])
    return HmacAuth(told.secrets["key_id"], told.secrets["key_secret"], names, now)


def _signed(spec: AuthSpec, told: PartnerSettings, _rules: ErrorRules, now: Clock) -> httpx.Auth:
    return SignedUrlAuth(told.secrets["signing_key"], spec.parameters["lifetime_seconds"], now)


def _oauth2(spec: AuthSpec, told: PartnerSettings, rules: ErrorRules, now: Clock) -> httpx.Auth:
    given = spec.parameters
    return ClientCredentials(told, given["token_path"], given["scope"], rules, now)


_BUILDERS: Mapping[AuthKind, Builder] = {
    AuthKind.NONE: lambda *_: None,
    AuthKind.BEARER: _bearer,
    AuthKind.BASIC: _basic,
    AuthKind.API_KEY: _api_key,
    AuthKind.HMAC: _hmac,
    AuthKind.SIGNED_URL: _signed,
    AuthKind.OAUTH2_CLIENT_CREDENTIALS: _oauth2,
}
