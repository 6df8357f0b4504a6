"""A feed is fetched when it has changed, and booked at only where its options say."""

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from adapters.base import Booking, NotModified, PartnerSettings, ReceiptStatus, Validators
from adapters.errors import PartnerRefusedError
from adapters.registry import build_adapter
from schema.model.values import LearnerId, Money, PartnerCode, Reference, RemoteId

pytestmark = pytest.mark.anyio

SETTINGS = PartnerSettings(
    PartnerCode("toko"),
    "https://partner.test/base",
    options={
        "format": "csv",
        "path": "/kelas.csv",
        "key": "id",
        "fields": {"title": "judul", "institution": "lembaga"},
    },
)
BODY = b"id,judul,lembaga\n1,Barista,LKP\n"
BOOKING = Booking(Reference("REF-1"), RemoteId("1"), None, LearnerId("learner"), Money(0))


async def asked(call: Callable, headers=None, settings=SETTINGS):
    """Return what `call` makes of the adapter, and the requests that the partner got."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.headers.get("If-None-Match") == '"v1"' or "If-Modified-Since" in request.headers:
            return httpx.Response(304)
        return httpx.Response(200, headers=headers, content=BODY)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        return await call(build_adapter("feed", settings, http)), requests


def fetching(known: Validators | None = None) -> Callable:
    return lambda adapter: adapter.fetch_page(None, known)


async def test_the_file_is_fetched_under_the_partners_address():
    page, requests = await asked(fetching())

    assert [str(request.url) for request in requests] == ["https://partner.test/base/kelas.csv"]
    assert page.offerings[0].listed.title == "Barista"
    assert page.validators == Validators()  # it gave none


@pytest.mark.parametrize(
    "headers", [{"ETag": '"v1"'}, {"Last-Modified": "Sat, 11 Apr 2020 09:00:00 GMT"}]
)
async def test_what_has_not_changed_is_not_sent_again(headers):
    page, _ = await asked(fetching(), headers)
    again, _ = await asked(fetching(page.validators), headers)

    assert isinstance(again, NotModified)


async def test_with_another_mapping_the_same_file_is_read_again():
    page, _ = await asked(fetching(), {"ETag": '"v1"'})
    other = replace(SETTINGS, options={**SETTINGS.options, "duplicates": "keep_first"})

    again, requests = await asked(fetching(page.validators), {"ETag": '"v1"'}, other)

    assert "If-None-Match" not in requests[0].headers
    assert again.offerings == page.offerings


async def test_without_a_desk_nothing_is_booked():
    for call in (
        lambda adapter: adapter.enrol(BOOKING),
        lambda adapter: adapter.find(BOOKING.reference),
        lambda adapter: adapter.cancel(BOOKING.reference),
    ):
        with pytest.raises(PartnerRefusedError, match=r"no enrolments\.path"):
            await asked(call)


async def test_a_desk_for_seats_is_not_asked_without_a_session():
    desk = {"path": "/enrolments", "session_required": True}
    settings = replace(SETTINGS, options={**SETTINGS.options, "enrolments": desk})

    receipt, requests = await asked(lambda adapter: adapter.enrol(BOOKING), settings=settings)

    assert (receipt.status, receipt.reason) == (ReceiptStatus.REJECTED, "SESSION_REQUIRED")
    assert not requests
