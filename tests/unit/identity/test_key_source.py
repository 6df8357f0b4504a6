"""When an issuer's keys are fetched, and from where; nothing here is sent or sleeps."""

import asyncio
from typing import Any

import httpx
import pytest

from gateway.identity.addresses import is_safe
from gateway.identity.errors import InvalidTokenError, UncheckableTokenError
from gateway.identity.key_source import (
    KEEP_SECONDS,
    REFRESH_SECONDS,
    RENEW_SECONDS,
    KeySource,
    Place,
)
from tests.unit.identity.keys import ISSUER, JWKS

pytestmark = pytest.mark.anyio
KEYS = f"{ISSUER}/keys"
DESCRIPTION = f"{ISSUER}/.well-known/openid-configuration"


class Provider:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self, place: Place | None = None, **answers: Any) -> None:
        self.now = 1_000.0
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {KEYS: JWKS, **answers}
        self.source = KeySource(
            place or Place(ISSUER, KEYS),
            lambda: httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
            clock=lambda: self.now,
        )

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        await asyncio.sleep(0)
        told = self.answers.get(str(request.url), 404)
        if isinstance(told, httpx.Response):
            return told
        return httpx.Response(told) if isinstance(told, int) else httpx.Response(200, json=told)


async def test_a_known_key_is_fetched_once():
    provider = Provider()

    for _ in range(3):
        assert await provider.source.find("ec", "ES256")

    assert provider.asked == [KEYS]


async def test_those_who_wait_for_a_key_share_one_fetch():
    provider = Provider()

    await asyncio.gather(*(provider.source.find("rsa", "RS256") for _ in range(50)))

    assert provider.asked == [KEYS]


async def test_unknown_keys_cause_one_fetch_a_minute():
    provider = Provider()

    for second in range(180):
        provider.now = 1_000.0 + second
        with pytest.raises(InvalidTokenError):
            await provider.source.find(f"forged-{second}", "RS256")

    assert len(provider.asked) == 180 / REFRESH_SECONDS


async def test_a_key_signs_with_its_own_algorithms_alone():
    with pytest.raises(InvalidTokenError):
        await Provider().source.find("rsa", "ES256")


async def test_a_new_key_is_found_and_a_withdrawn_one_forgotten():
    provider = Provider()
    await provider.source.find("rsa", "RS256")
    provider.answers[KEYS] = {"keys": [{**JWKS["keys"][0], "kid": "new"}]}
    provider.now += RENEW_SECONDS

    await provider.source.find("rsa", "RS256")  # it does not wait for the fetch that it begins
    fetching = provider.source._fetching
    assert fetching is not None
    await fetching

    assert await provider.source.find("new", "RS256")
    with pytest.raises(InvalidTokenError):
        await provider.source.find("rsa", "RS256")


@pytest.mark.parametrize(
    "answer",
    [
        503,
        pytest.param(httpx.Response(302, headers={"Location": KEYS}), id="redirect"),
        pytest.param(httpx.Response(200, text="<html>log in</html>"), id="page"),
    ],
)
async def test_known_keys_stay_good_for_a_day_while_the_issuer_is_away(answer):
    provider = Provider()
    await provider.source.find("rsa", "RS256")
    provider.answers[KEYS] = answer
    provider.now += KEEP_SECONDS - 1

    assert await provider.source.find("rsa", "RS256")
    provider.now += REFRESH_SECONDS
    with pytest.raises(UncheckableTokenError):
        await provider.source.find("rsa", "RS256")

    assert set(provider.asked) == {KEYS}  # nobody is followed anywhere


async def test_an_unknown_key_of_an_issuer_that_is_away_cannot_be_checked():
    provider = Provider(**{KEYS: 503})

    with pytest.raises(UncheckableTokenError):
        await provider.source.find("rsa", "RS256")


async def test_the_address_of_the_keys_can_be_discovered():
    told = {"issuer": ISSUER, "jwks_uri": KEYS}
    provider = Provider(Place(ISSUER), **{DESCRIPTION: told})

    assert await provider.source.find("ed", "EdDSA")
    assert provider.asked == [DESCRIPTION, KEYS]


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"issuer": "https://else.test", "jwks_uri": KEYS}, id="other-issuer"),
        pytest.param({"issuer": ISSUER, "jwks_uri": "http://login.test/keys"}, id="no-tls"),
        pytest.param({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"}, id="file"),
        pytest.param({"issuer": ISSUER}, id="nowhere"),
        pytest.param([], id="no-object"),
    ],
)
async def test_a_description_that_is_not_safe_is_not_followed(told):
    provider = Provider(Place(ISSUER), **{DESCRIPTION: told})

    with pytest.raises(UncheckableTokenError):
        await provider.source.find("rsa", "RS256")
    assert provider.asked == [DESCRIPTION]


@pytest.mark.parametrize(
    ("address", "in_production", "in_development"),
    [
        ("https://login.example.id/realms/mitra", True, True),
        ("http://127.0.0.1:8080/realms/mitra", False, True),
        ("http://localhost:8080", False, True),
        ("http://login.example.id", False, False),
        ("http://127.0.0.1.evil.test", False, False),
        ("https://user@login.example.id", False, False),
        ("file:///keys.json", False, False),
        ("https://", False, False),
        ("https://[::1", False, False),
    ],
)
def test_keys_come_by_tls_or_in_development_from_this_machine(
    address, in_production, in_development
):
    assert is_safe(address, loopback=False) is in_production
    assert is_safe(address, loopback=True) is in_development
