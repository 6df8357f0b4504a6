"""A call to a partner is forgotten when it has ended, and its answer with it."""

import httpx
import pytest

from adapters.http import PartnerClient
from tests.circles import leaving_none_behind
from tests.unit.partners.test_calls import CODE, RECEIPT, REFERENCE, Adapter, calls_to

pytestmark = pytest.mark.anyio


async def test_a_call_leaves_nothing_in_circles():
    calls = calls_to(Adapter(*[RECEIPT] * 100))
    await calls.find(CODE, REFERENCE)

    with leaving_none_behind() as turns:
        for _ in turns:
            await calls.find(CODE, REFERENCE)


async def test_an_answer_leaves_nothing_in_circles():
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=1)))
    client = PartnerClient("p", http, address="https://api.partner.test")
    await client.get("/")

    with leaving_none_behind() as turns:
        for _ in turns:
            await client.get("/")
