"""Who may call the partner API: with a signature by a good key, at the right time, well formed."""

import json

import pytest

from gateway.partner_api.endpoint import BASE
from gateway.partner_api.signature import sign
from gateway.storage.engine import Database
from tests.integration.partner_api.partners import APPLICANT, QUOTA, Api, codes_of

pytestmark = pytest.mark.anyio


async def test_a_changed_byte_is_refused(api: Api):
    client, offering = await api.a_sale()
    path, headers, body = client.prepare(QUOTA, **codes_of(offering))
    told = json.loads(body)
    changed = [
        (path, headers, json.dumps({**told, "amount": 1}).encode()),
        (path, {**headers, "timestamp": str(int(headers["timestamp"]) + 1)}, body),
        (path, {**headers, "authorization": "Payment x"}, body),
        (path.replace("payment/quota-schedule", "payment/send-otp"), headers, body),
        (path, {**headers, "Client_code": "nobody"}, body),
        (path, {name: headers[name] for name in headers if name != "signature"}, body),
    ]

    codes = [(await client.send(*each)).json()["code"] for each in changed]

    assert codes == ["ERRAUT40101"] * len(changed)
    assert (await client.send(path, headers, body)).status_code == 200


async def test_the_legacy_form_can_be_switched_off(ledger_db: Database):
    api = Api(ledger_db, lenient_signatures=False)
    client, offering = await api.a_sale()
    path, headers, body = client.prepare(QUOTA, **codes_of(offering))
    compact = json.dumps(json.loads(body), separators=(",", ":")).encode()

    assert (await client.send(path, headers, body)).json()["code"] == "ERRAUT40101"
    assert (await client.send(path, headers, compact)).status_code == 200


@pytest.mark.parametrize(
    ("ahead", "status"), [(0, 200), (300, 200), (-300, 200), (301, 401), (-301, 401)]
)
async def test_clocks_may_be_five_minutes_apart(api: Api, ahead: int, status: int):
    client, offering = await api.a_sale()
    client.ahead = ahead

    response = await client.call(QUOTA, **codes_of(offering))

    assert response.status_code == status
    if status != 200:
        assert response.json()["code"] == "ERRAUT40102"


async def test_a_partner_that_has_only_applied_cannot_call(api: Api):
    client = await api.a_client(APPLICANT)

    assert await client.fault("payment/status", invoice_code="X") == "ERRAUT40101"


async def test_an_unknown_path_and_a_huge_body_are_refused(api: Api):
    client = await api.a_client()
    large = json.dumps({"invoice_code": "x" * 70_000}).encode()
    path, headers, _ = client.prepare("payment/status", invoice_code="X")

    unknown = await client.fault("payment/refund")
    huge = (await client.send(path, headers, large)).json()["code"]

    assert (unknown, huge) == ("ERRPLT40401", "ERRPLT41301")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 60_000, b'"text"'])
async def test_what_is_signed_but_no_json_is_refused(api: Api, body: bytes):
    client = await api.a_client()
    path, headers, _ = client.prepare("payment/status")
    code, stamp = headers["Client_code"], headers["timestamp"]
    text = f"{code}{stamp}POST{path}".encode() + body
    headers["signature"] = sign(client.key.sign_key, text)

    response = await client.send(path, headers, body)

    assert (response.status_code, response.json()["code"]) == (400, "ERRPLT40001")


def test_the_base_has_no_prefix():
    assert BASE == "/api/v1/integration/"
