"""A programme whose changes subscribed systems are told of."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.enrolment.audit.sealer import seal
from gateway.partner_api.vault import Vault
from gateway.storage.engine import Database
from gateway.webhooks.outgoing import WebhookSender
from gateway.webhooks.posting import Posted
from gateway.webhooks.subscriptions import Subscriptions
from schema.model.enrolment import EnrolmentStatus
from tests.integration.enrolment.builders import Programme
from tests.integration.partner_api.partners import KEYRING

URL = "https://payments.test/hooks"
FAILS = Posted("answered HTTP 500")


@dataclass
class System:
    """A subscribed system: takes what it is sent, unless told otherwise."""

    answers: dict[str, Posted] = field(default_factory=dict)  # by webhook-id
    always: Posted = field(default_factory=Posted)
    got: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    is_closed: bool = False

    async def send(self, body: bytes, headers: Mapping[str, str]) -> Posted:
        if self.gate is not None:
            await self.gate.wait()
        name = headers["webhook-id"]
        answer = self.answers.get(name, self.always)
        self.got.append((name, body, headers))
        return answer

    async def aclose(self) -> None:
        self.is_closed = True

    @property
    def statuses(self) -> list[str]:
        return [json.loads(body)["data"]["after"] for _, body, _ in self.got]

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.got]


class Outbound:
    """A programme, its subscriptions, and who sends."""

    def __init__(self, database: Database) -> None:
        self.programme = Programme(database)
        self.clock = self.programme.clock
        self.systems: dict[str, System] = {}
        self.vault = Vault(KEYRING)
        self.subscriptions = Subscriptions(database, self.vault, self.clock)
        self.sender = self.a_sender("one")

    def a_sender(self, holder: str) -> WebhookSender:
        return WebhookSender(
            self.programme.database,
            self.vault,
            lambda url: self.systems[url],
            now=self.clock,
            holder=holder,
            dice=lambda: 0.0,
        )

    async def subscribe(self, url: str = URL, *statuses: EnrolmentStatus, **system):
        self.systems[url] = System(**system)
        made, secret = await self.subscriptions.add(url, statuses, "rina")
        return made, secret, self.systems[url]

    async def happen(self, *keys: str) -> None:
        """Let courses be bought and confirmed, and the feed know of it."""
        for key in keys:
            await self.programme.enrol(self.programme.shelf.put(key), key, f"learner-{key}")
        await self.programme.courier.deliver_due()
        await self.programme.database.write(seal)

    async def send_all(self) -> int:
        sent = 0
        while more := await self.sender.send_due():
            sent += more
        return sent

    async def standing(self):
        return await self.subscriptions.read_all()
