"""What a partner's answer to a booking means."""

import httpx
import orjson
import pytest

from adapters.base import Booking, ReceiptStatus
from adapters.enrolments import EnrolmentCalls, EnrolmentCodec, to_fields, to_receipt
from adapters.errors import AmbiguousPartnerError, PartnerContractError, PartnerRefusedError
from adapters.http import PartnerClient
from schema.model.values import LearnerId, Money, Reference, RemoteId

REFERENCE = Reference("ref/1")
BOOKING = Booking(REFERENCE, RemoteId("A"), None, LearnerId("learner-1"), Money(350_000))
RECEIPT = {
    "reference": REFERENCE,
    "status": "confirmed",
    "partner_reference": "P-1",
    "reason": None,
    "redeem_code": "8F3A",
    "access_url": "https://p.test/start",
}

pytestmark = pytest.mark.anyio


def a_desk(answer, seen=None, **parts) -> EnrolmentCalls:
    def answering(request):
        if seen is not None:
            seen.append(request)
        return answer

    http = httpx.AsyncClient(transport=httpx.MockTransport(answering))
    return EnrolmentCalls(PartnerClient("p", http, address="https://p.test/v1"), **parts)


async def test_a_booking_says_what_every_partner_is_told():
    seen = []
    desk = a_desk(httpx.Response(201, json=RECEIPT), seen)

    receipt = await desk.enrol(BOOKING)

    [request] = seen
    assert (request.method, str(request.url)) == ("POST", "https://p.test/v1/enrolments")
    assert request.headers["Idempotency-Key"] == REFERENCE
    assert request.headers["Content-Type"] == "application/json"
    assert orjson.loads(request.content) == {
        "reference": REFERENCE,
        "offering": "A",
        "session": None,
        "learner": "learner-1",
        "price": {"amount": 350_000, "currency": "IDR"},
    }
    assert receipt.status is ReceiptStatus.CONFIRMED
    assert receipt.partner_reference == "P-1"
    assert receipt.access_url == "https://p.test/start"


async def test_a_refusal_is_a_receipt():
    refused = RECEIPT | {"status": "rejected", "reason": "FULL", "partner_reference": None}
    desk = a_desk(httpx.Response(409, json=refused))

    receipt = await desk.enrol(BOOKING)

    assert (receipt.status, receipt.reason) == (ReceiptStatus.REJECTED, "FULL")


async def test_a_conflict_without_a_receipt_is_a_refusal_all_the_same():
    desk = a_desk(httpx.Response(409, json={"error": "conflict"}))

    with pytest.raises(PartnerRefusedError):
        await desk.enrol(BOOKING)


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        RECEIPT | {"reference": "another"},
        RECEIPT | {"status": "perhaps"},
        RECEIPT | {"status": None},
        RECEIPT | {"redeem_code": ["x"]},
    ],
)
async def test_a_success_that_cannot_be_read_may_be_a_booking(told):
    desk = a_desk(httpx.Response(201, json=told))

    with pytest.raises(AmbiguousPartnerError):
        await desk.enrol(BOOKING)
    with pytest.raises(AmbiguousPartnerError):
        await desk.cancel(REFERENCE)
    with pytest.raises(PartnerContractError):
        await desk.find(REFERENCE)


async def test_a_reference_is_one_segment_of_the_path():
    seen = []
    desk = a_desk(httpx.Response(404), seen)

    assert await desk.find(REFERENCE) is None
    assert seen[0].url.raw_path == b"/v1/enrolments/ref%2F1"


async def test_cancelling_what_was_never_booked_is_refused():
    desk = a_desk(httpx.Response(404))

    with pytest.raises(PartnerRefusedError):
        await desk.cancel(REFERENCE)


async def test_a_dangerous_address_is_not_passed_on():
    receipt = to_receipt(RECEIPT | {"access_url": "javascript:alert(1)"}, REFERENCE)

    assert receipt.access_url is None


async def test_a_partner_may_wrap_both_in_an_envelope_of_its_own():
    seen = []
    codec = EnrolmentCodec(
        encode=lambda booking: b"order=" + orjson.dumps(to_fields(booking)),
        decode=lambda body: orjson.loads(body)["data"],
        content_type="text/plain",
    )
    desk = a_desk(httpx.Response(200, json={"data": RECEIPT}), seen, path="/orders", codec=codec)

    receipt = await desk.enrol(BOOKING)

    assert seen[0].url.path == "/v1/orders"
    assert seen[0].headers["Content-Type"] == "text/plain"
    assert seen[0].content.startswith(b"order=")
    assert receipt.redeem_code == "8F3A"
