"""Partners that call the API as their published clients do, around a real ledger."""

import base64
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.enrolment.privacy.keyring import Purpose, load_keyring
from gateway.partner_api.build import Manner, build_partner_api
from gateway.partner_api.build import Programme as Acted
from gateway.partner_api.endpoint import BASE
from gateway.partner_api.partner_keys import NewKey, PartnerKeys
from gateway.partner_api.signature import sign
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from schema.model.catalogue import Offering, Partner
from schema.model.codes import ids_of_code, public_code
from schema.model.enrolment import Enrolment
from schema.model.values import LearnerId, PartnerCode, PartnerKind, PartnerState
from schema.ports import OfferingFact, Window
from tests.integration.enrolment.builders import PRICE, SITI, Programme, Shelf

TOKOPEDIA = Partner(PartnerCode("tokopedia"), "Tokopedia", PartnerKind.MARKETPLACE)
BUKALAPAK = Partner(PartnerCode("bukalapak"), "Bukalapak", PartnerKind.MARKETPLACE)
APPLICANT = Partner(
    PartnerCode("pintar"), "Pintar", PartnerKind.DIGITAL_PLATFORM, PartnerState.APPLIED
)
QUOTA = "payment/quota-schedule"
INVOICE = "TOKPED-XB9C89BXBJL7X"
KEYRING = load_keyring(Purpose.PARTNER_API, "1:" + base64.b64encode(b"p" * 32).decode())


class CodedShelf(Shelf):
    """A shelf whose offerings have codes: implements `CodedOfferings`."""

    async def read_fact_by_code(self, partner: PartnerCode, code: str) -> OfferingFact | None:
        lowest, highest = ids_of_code(code) or ("", "")
        for each, fact in self.facts.items():
            if lowest <= each <= highest and fact.partner == partner:
                return fact
        return None


@dataclass
class Pigeon:
    """Delivers one-time passwords to the test."""

    passwords: dict[LearnerId, str] = field(default_factory=dict)
    sent: int = 0

    async def deliver(self, learner: LearnerId, password: str, good_until: datetime) -> None:
        self.passwords[learner] = password
        self.sent += 1


class Api:
    """The API around a programme, and the partners' ways of calling it."""

    def __init__(self, database: Database, **manner: Any) -> None:
        self.programme = Programme(database, shelf=CodedShelf())
        self.pigeon = Pigeon()
        self.clock = self.programme.clock
        wanted = Manner(
            now=self.clock,
            keyring=KEYRING,
            delivery=self.pigeon,
            dice=random.Random(7),
        )
        partners = (TOKOPEDIA, BUKALAPAK, APPLICANT)
        acted = Acted(
            database,
            self.programme.shelf,
            self.programme.service,
            self.programme.reports,
            self.programme.progress,
            partners,
        )
        app = build_partner_api(acted, replace(wanted, **manner))
        self.app = Starlette(routes=[Route(BASE + "{call:path}", app)])
        self.keys = PartnerKeys(
            database, Vault(KEYRING), {each.code: each for each in partners}, self.clock
        )

    async def a_client(
        self, partner: Partner = TOKOPEDIA, client_code: str | None = None
    ) -> "PartnerClient":
        made = await self.keys.make(partner.code, client_code, "rina")
        return PartnerClient(self, made)

    async def a_sale(self, seats: int = 5) -> tuple["PartnerClient", Offering]:
        """Return a partner's client, and a course with one session that it sells."""
        return await self.a_client(), self.programme.shelf.put("kopi", seats=seats)


@dataclass
class PartnerClient:
    """A partner's system with a key of its own; its clock may go wrong."""

    api: Api
    key: NewKey
    ahead: int = 0  # seconds

    async def call(self, path: str, token: str | None = None, **body: Any) -> httpx.Response:
        """Sign as the published Python client does: compact, though spaces are sent."""
        return await self.send(*self.prepare(path, token, **body))

    def prepare(
        self, path: str, token: str | None = None, **body: Any
    ) -> tuple[str, dict[str, str], bytes]:
        compact = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        stamp = str(int(self.api.clock().timestamp()) + self.ahead)
        authorization = "" if token is None else f"Payment {token}"
        code = self.key.entry.client_code
        text = f"{code}{stamp}POST{BASE}{path}{authorization}".encode() + compact
        headers = {
            "Client_code": code,
            "timestamp": stamp,
            "signature": sign(self.key.sign_key, text),
            "content-type": "application/json",
        }
        if token is not None:
            headers["authorization"] = authorization
        return BASE + path, headers, json.dumps(body).encode()

    async def send(self, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        transport = httpx.ASGITransport(self.api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mitra.test") as http:
            return await http.post(path, headers=headers, content=body)

    async def data(self, path: str, token: str | None = None, **body: Any) -> dict[str, Any]:
        """Return the data of a success."""
        told = (await self.call(path, token, **body)).json()
        assert told["success"], told
        assert (told["message"], set(told)) == ("OK", {"success", "message", "data"})
        data: dict[str, Any] = told["data"]
        return data

    async def fault(self, path: str, token: str | None = None, **body: Any) -> str:
        """Return the code of a refusal."""
        response = await self.call(path, token, **body)
        told = response.json()
        assert told["success"] is False, told
        assert set(told) == {"code", "message", "success"}
        assert str(response.status_code) in told["code"]
        code: str = told["code"]
        return code

    async def token(self, offering: Offering, learner: str = "siti") -> str:
        """Have a one-time password sent; return the payment token."""
        told = await self.data("payment/send-otp", **an_order(offering, learner))
        token: str = told["payment_token"]
        return token

    async def buy(
        self, offering: Offering, learner: str = "siti", invoice: str | int = INVOICE
    ) -> dict[str, Any]:
        token = await self.token(offering, learner)
        return await self.data("payment/authorize", token, **self.paying(learner, invoice))

    def paying(self, learner: str = "siti", invoice: str | int = INVOICE) -> dict[str, Any]:
        return {
            "otp": self.api.pigeon.passwords[LearnerId(learner)],
            "invoice_url": "https://tokopedia.test/invoice/1",
            "invoice_code": invoice,
        }


def codes_of(offering: Offering) -> dict[str, str]:
    sold = offering.sessions[0].id if offering.sessions else offering.id
    return {"course_code": public_code(offering.id), "schedule_code": public_code(sold)}


def an_order(offering: Offering, learner: str = "siti", **other: Any) -> dict[str, Any]:
    told = {"user_platform_id": "user-1", "prakerja_id": learner, "amount": PRICE}
    return {**told, **codes_of(offering), **other}


def a_wrong(password: str) -> str:
    """Return another password."""
    return f"{(int(password) + 1) % 1_000_000:06}"


async def enrolments(api: Api, learner: str = SITI) -> Sequence[Enrolment]:
    """Return what a learner has, newest first."""
    page = await api.programme.service.read_enrolments(LearnerId(learner), Window(first=20), ())
    return page.nodes
