"""Tokens by OAuth 2 client credentials: one for all, renewed in time, and once."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from adapters.auth import ClientCredentials
from adapters.errors import (
    AmbiguousPartnerError,
    PartnerAccessError,
    PartnerContractError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.http import PartnerClient
from adapters.rules import ErrorRule, ErrorRules, Meaning
from tests.unit.adapters.secretive import ADDRESS, NOW, settings


class TokenPartner:
    """A partner that gives tokens ("T1", "T2", …) and accepts only the `live` ones."""

    def __init__(self, *, expires_in=300, token_answer=None, write_error=None):
        self.given = 0
        self.asked = 0
        self.live: set[str] = set()
        self.seen: list[str] = []
        self.expires_in = expires_in
        self.token_answer = token_answer
        self.write_error = write_error
        self.now = NOW

    async def __call__(self, request):
        await asyncio.sleep(0)  # let the others in, as a network does
        if request.url.path == "/token":
            return self._token(request)
        self.seen.append(request.headers["Authorization"])
        if self.write_error:
            raise self.write_error
        is_live = self.seen[-1].removeprefix("Bearer ") in self.live
        return httpx.Response(200 if is_live else 401, json={})

    def _token(self, request):
        self.asked += 1
        assert request.content == b"grant_type=client_credentials"
        assert request.headers["Authorization"].startswith("Basic ")
        if isinstance(self.token_answer, Exception):
            raise self.token_answer
        if self.token_answer:
            return self.token_answer
        self.given += 1
        self.live = {f"T{self.given}"}
        body = {"access_token": f"T{self.given}", "expires_in": self.expires_in}
        return httpx.Response(200, json=body)

    def client(self, rules=ErrorRules()) -> PartnerClient:  # noqa: B008 - frozen
        auth = ClientCredentials(settings(), "/token", "", rules, lambda: self.now)
        http = httpx.AsyncClient(transport=httpx.MockTransport(self), auth=auth)
        return PartnerClient("p", http, rules, address=ADDRESS)


@pytest.mark.anyio
async def test_one_token_serves_many_requests():
    partner = TokenPartner()
    client = partner.client()

    await asyncio.gather(*(client.get("/x") for _ in range(20)))

    assert partner.given == 1


@pytest.mark.anyio
async def test_a_refused_token_is_renewed_once_for_all():
    partner = TokenPartner()
    client = partner.client()
    await client.get("/x")
    partner.live = set()

    await asyncio.gather(*(client.get("/x") for _ in range(50)))

    assert partner.given == 2


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503), PartnerUnavailableError),
        (httpx.Response(401), PartnerAccessError),
        (httpx.Response(429), PartnerThrottledError),
    ],
)
async def test_a_renewal_that_fails_fails_all_who_waited_for_it_and_nobody_later(answer, error):
    partner = TokenPartner()
    client = partner.client()
    await client.get("/x")
    partner.live, partner.token_answer = set(), answer

    told = await asyncio.gather(*(client.get("/x") for _ in range(50)), return_exceptions=True)

    assert {type(each) for each in told} == {error}
    assert partner.asked == 2
    partner.token_answer = None
    assert await client.get("/x") == {}


@pytest.mark.anyio
async def test_a_partner_that_refuses_every_new_token_stops_all_who_ask():
    partner = TokenPartner(token_answer=httpx.Response(200, json={"access_token": "dead"}))
    client = partner.client()

    told = await asyncio.gather(*(client.get("/x") for _ in range(50)), return_exceptions=True)

    assert {type(each) for each in told} == {PartnerAccessError}
    assert len(partner.seen) == 100
    assert partner.asked == 2


@pytest.mark.anyio
async def test_a_token_is_renewed_before_it_ends():
    partner = TokenPartner(expires_in=300)
    client = partner.client()
    await client.get("/x")
    partner.now += timedelta(seconds=295)

    await client.get("/x")

    assert partner.given == 2
    assert partner.seen == ["Bearer T1", "Bearer T2"]


@pytest.mark.anyio
async def test_a_partner_that_refuses_every_token_is_asked_twice_only():
    partner = TokenPartner(token_answer=httpx.Response(200, json={"access_token": "dead"}))

    with pytest.raises(PartnerAccessError):
        await partner.client().get("/x")

    assert partner.seen == ["Bearer dead", "Bearer dead"]


@pytest.mark.anyio
async def test_a_refused_write_is_sent_again_with_a_new_token():
    partner = TokenPartner()
    client = partner.client()
    await client.get("/x")
    partner.live = set()

    await client.send("POST", "/enrolments", json={}, key="k")

    assert partner.seen == ["Bearer T1", "Bearer T1", "Bearer T2"]


@pytest.mark.anyio
async def test_what_a_rule_calls_unauthorised_renews_the_token():
    rules = ErrorRules((ErrorRule(Meaning.UNAUTHORISED, status=403, code="EXPIRED"),), "code")
    calls = []

    def answering(request):
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": f"T{len(calls)}"})
        calls.append(request)
        fresh = len(calls) > 1
        return httpx.Response(200 if fresh else 403, json={"code": "EXPIRED"} if not fresh else {})

    auth = ClientCredentials(settings(), "/token", "", rules, lambda: NOW)
    http = httpx.AsyncClient(transport=httpx.MockTransport(answering), auth=auth)

    assert await PartnerClient("p", http, rules, address=ADDRESS).get("/x") == {}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401), PartnerAccessError),
        (httpx.Response(400), PartnerAccessError),
        (httpx.Response(503), PartnerUnavailableError),
        (httpx.Response(429), PartnerThrottledError),
        (httpx.Response(200, text="<html>"), PartnerContractError),
        (httpx.Response(200, json=[]), PartnerContractError),
        (
            httpx.Response(200, json={"access_token": "t", "expires_in": "soon"}),
            PartnerContractError,
        ),
    ],
)
async def test_a_token_endpoint_that_fails_says_how(answer, error):
    with pytest.raises(error):
        await TokenPartner(token_answer=answer).client().get("/x")


@pytest.mark.anyio
async def test_a_write_whose_token_could_not_be_fetched_was_never_sent():
    partner = TokenPartner(token_answer=httpx.ReadTimeout("silence"))

    with pytest.raises(PartnerUnavailableError):
        await partner.client().send("POST", "/enrolments", json={}, key="k")

    assert partner.seen == []


@pytest.mark.anyio
async def test_a_write_that_was_lost_after_its_token_is_ambiguous():
    partner = TokenPartner(write_error=httpx.ReadTimeout("silence"))

    with pytest.raises(AmbiguousPartnerError):
        await partner.client().send("POST", "/enrolments", json={}, key="k")


@pytest.mark.anyio
async def test_a_failed_renewal_does_not_block_the_next_one():
    partner = TokenPartner(token_answer=httpx.ReadTimeout("silence"))
    client = partner.client()
    with pytest.raises(PartnerUnavailableError):
        await client.get("/x")
    partner.token_answer = None

    assert await client.get("/x") == {}
