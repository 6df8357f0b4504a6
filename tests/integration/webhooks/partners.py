"""A partner that sends webhooks to a real endpoint around a real ledger."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.partner_api.vault import Vault
from gateway.partners.config import PartnerConfig, Webhooks
from gateway.storage.engine import Database
from gateway.webhooks.incoming import PATH, WebhookDesk, WebhookEndpoint
from gateway.webhooks.partner_secrets import PartnerSecrets
from gateway.webhooks.signals import SignalDesk
from gateway.webhooks.signing import sign
from schema.model.values import PartnerCode
from tests.integration.enrolment.builders import PARTNER, Programme
from tests.integration.partner_api.partners import APPLICANT, BUKALAPAK, KEYRING, TOKOPEDIA

_numbers = count(1)


class Hooks:
    """The endpoint around a programme."""

    def __init__(self, database: Database, webhooks: Webhooks | None = None) -> None:
        self.programme = Programme(database)
        self.clock = self.programme.clock
        told = webhooks or Webhooks()
        configs = {
            each.code: PartnerConfig(each, "feed", "https://partner.test", webhooks=told)
            for each in (TOKOPEDIA, BUKALAPAK, APPLICANT)
        }
        self.secrets = PartnerSecrets(database, Vault(KEYRING), configs.keys(), self.clock)
        self.signals = SignalDesk(database, self.programme.partner, now=self.clock, holder="one")
        desk = WebhookDesk(
            database, self.programme.reports, self.programme.progress, self.signals, self.clock
        )
        endpoint = WebhookEndpoint(configs, self.secrets, desk, self.clock)
        self.app = Starlette(routes=[Route(PATH, endpoint)])

    async def a_sender(self, partner: PartnerCode = PARTNER) -> "Sender":
        return Sender(self, partner, (await self.secrets.make(partner, "rina")).secret)

    async def post(
        self, partner: str, body: Any, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mitra.test") as http:
            path = PATH.format(partner=partner)
            return await http.request(method, path, content=body, headers=headers)


@dataclass
class Sender:
    """A partner's system; its clock may go wrong."""

    hooks: Hooks
    partner: PartnerCode
    secret: str
    ahead: timedelta = field(default_factory=timedelta)

    def signed(self, body: bytes, message_id: str | None = None) -> dict[str, str]:
        name = message_id or f"msg_{next(_numbers)}"
        at = self.hooks.clock() + self.ahead
        return {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": sign(self.secret, name, at, body),
        }

    async def send(self, body: bytes, message_id: str | None = None) -> httpx.Response:
        return await self.hooks.post(self.partner, body, self.signed(body, message_id))

    async def tell(
        self, reference: str, kind: str = "confirmed", message_id: str | None = None, **data: Any
    ) -> str:
        """Send an event; return what became of it."""
        response = await self.send(self.an_event(reference, kind, **data), message_id)
        assert response.status_code == 200, response.text
        status: str = response.json()["status"]
        return status

    def an_event(self, reference: str, kind: str = "confirmed", **data: Any) -> bytes:
        told = {
            "type": f"enrolment.{kind}",
            "timestamp": data.pop("at", self.hooks.clock()).isoformat(),
            "data": {"reference": reference, **data},
        }
        return json.dumps(told).encode()
