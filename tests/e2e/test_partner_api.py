"""A partner sells on its own site and tells us, over real HTTP, as the published clients do."""

import hashlib
import hmac
import json
import re
import time
from typing import Any

import pytest

from tests.e2e.conftest import Mitra, http

BASE = "/api/v1/integration/"
SOLD = """{ courses(filter: { partners: ["skill_academy"], priceMin: 1, priceMax: 500000 },
  first: 50) { nodes { offerings { code partner { code } price { amount }
    sessions { code availability } } } } }"""
MINE = """{ me { balance { amount } enrolments { nodes { status redeemCode partner { code }
  events { actor to } } } } }"""


class Client:
    """Signs compact JSON and sends it with spaces, with the header as some libraries write it."""

    def __init__(self, mitra: Mitra, *arguments: str) -> None:
        printed = mitra.command("partners", "key", "new", "skill_academy", *arguments)
        told = dict(line.split("\t") for line in printed.splitlines() if "\t" in line)
        self.mitra, self.code, self.key = mitra, told["client_code"], told["sign_key"]

    def call(self, path: str, token: str | None = None, **body: Any) -> dict[str, Any]:
        stamp, authorization = str(int(time.time())), f"Payment {token}" if token else ""
        compact = json.dumps(body, separators=(",", ":"))
        text = f"{self.code}{stamp}POST{BASE}{path}{authorization}{compact}"
        signature = hmac.new(self.key.encode(), text.encode(), hashlib.sha1).hexdigest()
        headers = {"Client_code": self.code, "timestamp": stamp, "signature": signature}
        if token:
            headers["Authorization"] = authorization
        url = f"{self.mitra.url}{BASE}{path}"
        told: dict[str, Any] = http.post(
            url, content=json.dumps(body), headers=headers, timeout=10
        ).json()
        return told


@pytest.fixture(scope="module")
def client(mitra: Mitra) -> Client:
    return Client(mitra)


def an_order(mitra: Mitra, learner: str) -> dict[str, Any]:
    """Return what a learner may buy at the partner."""
    for course in mitra.ask(SOLD)["courses"]["nodes"]:
        for offering in course["offerings"]:
            sessions = offering["sessions"]
            free = [s["code"] for s in sessions if s["availability"] == "AVAILABLE"]
            codes = free or ([] if sessions else [offering["code"]])
            if offering["partner"]["code"] == "skill_academy" and codes:
                return {
                    "user_platform_id": "u-1",
                    "prakerja_id": learner,
                    "course_code": offering["code"],
                    "schedule_code": codes[0],
                    "amount": str(offering["price"]["amount"]),
                }
    raise AssertionError("nothing to buy")


def password_of(mitra: Mitra, learner: str) -> str:
    """Return the one-time password as the development console shows it."""
    log = (mitra.data_dir / "gateway.log").read_text()
    return re.findall(rf"one-time password of learner {learner}: (\d{{6}})", log)[-1]


def test_a_learner_buys_on_the_partners_site(mitra: Mitra, client: Client):
    order = an_order(mitra, "wati")
    token = client.call("payment/send-otp", **order)["data"]["payment_token"]
    paying = {"otp": password_of(mitra, "wati"), "invoice_url": "", "invoice_code": 4711}

    bought = client.call("payment/authorize", token, **paying)
    again = client.call("payment/authorize", token, **paying)

    assert bought["success"], bought
    assert again == bought
    me = mitra.ask(MINE, mitra.token("wati"))["me"]
    [enrolment] = me["enrolments"]["nodes"]
    assert (enrolment["status"], enrolment["partner"]["code"]) == ("CONFIRMED", "skill_academy")
    assert {event["actor"] for event in enrolment["events"]} == {"PARTNER"}
    assert me["balance"]["amount"] == 3_500_000 - bought["data"]["amount"]
    redeemed = client.call("payment/redeem-code/status", redeem_code=enrolment["redeemCode"])
    assert redeemed["data"]["invoice_code"] == "4711"


def test_a_retired_key_is_worth_nothing_at_once(mitra: Mitra, client: Client):
    other = Client(mitra, "--client-code", client.code)
    listed = mitra.command("partners", "key", "list").splitlines()
    mine = [line.split("\t")[0] for line in listed if client.code in line]
    assert other.call("payment/status", invoice_code="none")["code"] == "ERRPLT40038"

    mitra.command("partners", "key", "retire", mine[-1])

    assert other.call("payment/status", invoice_code="none")["code"] == "ERRAUT40101"
    assert client.call("payment/status", invoice_code="none")["code"] == "ERRPLT40038"
    assert "retired" in mitra.command("partners", "key", "list")
    assert other.key not in "".join(listed)


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS"])
def test_every_call_is_a_post(mitra: Mitra, method: str):
    answer = http.request(method, f"{mitra.url}{BASE}payment/status")

    assert answer.status_code == 405
    assert method == "HEAD" or answer.json()["code"] == "ERRPLT40501"


def test_more_than_64_kb_is_refused_before_it_is_read(mitra: Mitra):
    def endless():
        for _ in range(200):
            yield b"x" * 1_024

    answer = http.post(f"{mitra.url}{BASE}payment/void", content=endless())

    assert (answer.status_code, answer.json()["code"]) == (413, "ERRPLT41301")
