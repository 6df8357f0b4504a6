"""Clients of a partner that answers as a test wants."""

from datetime import UTC, datetime

import httpx

from adapters.http import PartnerClient
from adapters.rules import NO_RULES

NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
ADDRESS = "https://api.partner.test/base"


def a_client(answering, rules=NO_RULES, address=ADDRESS) -> PartnerClient:
    if isinstance(answering, httpx.Response):
        response = answering
        transport = httpx.MockTransport(lambda _: response)
    else:
        transport = httpx.MockTransport(answering)
    http = httpx.AsyncClient(transport=transport)
    return PartnerClient("p", http, rules, address=address, now=lambda: NOW)


def raising(error):
    def answering(request):
        raise error

    return answering
