"""A partner that pushes its list to a real endpoint around real databases."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.catalogue.store import CatalogueStore, StatusRow
from gateway.partner_api.partner_keys import NewKey, PartnerKeys
from gateway.partner_api.signature import sign
from gateway.partner_api.vault import Vault
from gateway.partners.config import PartnerConfig
from gateway.push.endpoint import PATH, PushEndpoint
from gateway.storage.engine import Database
from schema.model.catalogue import Partner
from schema.model.syncing import SyncProgress
from schema.model.values import PartnerCode, PartnerKind, PartnerState
from tests.integration.enrolment.builders import Clock
from tests.integration.partner_api.partners import KEYRING

TOKO = Partner(PartnerCode("toko"), "Toko Belajar", PartnerKind.MARKETPLACE)
WARUNG = Partner(PartnerCode("warung"), "Warung", PartnerKind.MARKETPLACE)
FETCHED = Partner(PartnerCode("fetched"), "Fetched", PartnerKind.MARKETPLACE)
PAUSED = Partner(PartnerCode("paused"), "P", PartnerKind.MARKETPLACE, PartnerState.PAUSED)
UNSIGNED = "UNSIGNED-PAYLOAD"


def a_row(number: int, **told: Any) -> dict[str, Any]:
    row = {
        "key": f"K-{number}",
        "title": f"Kursus {number}",
        "institution": "Kopi Nusantara",
        "description_html": f"<p>Isi {number}</p>",
        "price": {"amount": 100_000 + number},
    }
    return {**row, **told}


def a_list(*rows: Any, end: int | None = None) -> bytes:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    if end is not None:
        lines.append(json.dumps({"end": end}).encode())
    return b"".join(line + b"\n" for line in lines)


def whole(rows: Iterable[Any]) -> bytes:
    listed = list(rows)
    return a_list(*listed, end=len(listed))


class Pushing:
    """The endpoint, the catalogue behind it, and what was reported."""

    def __init__(self, catalogue: Database, ledger: Database, largest: int = 10**9) -> None:
        self.clock = Clock()
        self.catalogue = catalogue
        self.store = CatalogueStore(catalogue)
        self.reported: list[SyncProgress] = []
        configs = {
            each.code: PartnerConfig(
                each, "feed" if each is FETCHED else "push", "", options={"currencies": ("IDR",)}
            )
            for each in (TOKO, WARUNG, FETCHED, PAUSED)
        }
        known = {code: config.partner for code, config in configs.items()}
        self.keys = PartnerKeys(ledger, Vault(KEYRING), known, self.clock)
        endpoint = PushEndpoint(
            catalogue, configs, self.keys, self.clock, largest=largest, report=self.reported.append
        )
        self.app = Starlette(routes=[Route(PATH, endpoint)])

    async def a_pusher(self, partner: Partner = TOKO) -> "Pusher":
        return Pusher(self, await self.keys.make(partner.code, None, "rina"))

    async def live(self) -> dict[str, int]:
        """Return what stands on sale: keys and prices."""
        changes = await self.store.read_catalogue()
        return {
            each.offering.key: each.offering.price.amount
            for course in changes.courses
            for each in course.offerings
            if not each.withdrawn
        }

    async def revision(self) -> int:
        return await self.store.read_revision()


@dataclass
class Pusher:
    """A partner's system with a key of its own; its clock may go wrong."""

    pushing: Pushing
    key: NewKey
    ahead: timedelta = field(default_factory=timedelta)

    def headers(self, method: str, query: str, digest: str = UNSIGNED) -> dict[str, str]:
        code = self.key.entry.client_code
        stamp = str(int((self.pushing.clock() + self.ahead).timestamp()))
        text = f"{code}{stamp}{method}{PATH}?{query}{digest}".encode()
        return {
            "client_code": code,
            "timestamp": stamp,
            "signature": sign(self.key.sign_key, text),
            "content-digest": digest,
        }

    async def post(
        self, body: bytes | AsyncIterator[bytes], query: str, *, digest: str | None = None, **more
    ) -> httpx.Response:
        if digest is None and isinstance(body, bytes):
            told = base64.b64encode(hashlib.sha256(body).digest()).decode()
            digest = f"sha-256=:{told}:"
        return await self.request("POST", query, body, digest or UNSIGNED, **more)

    async def request(
        self, method: str, query: str, body: Any = b"", digest: str = UNSIGNED, **more: str
    ) -> httpx.Response:
        headers = {**self.headers(method, query, digest), **more}
        transport = httpx.ASGITransport(self.pushing.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mitra.test") as http:
            return await http.request(method, f"{PATH}?{query}", content=body, headers=headers)

    async def push(self, body: bytes, query: str) -> list[dict[str, Any]]:
        """Return the lines of a success."""
        response = await self.post(body, query)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/x-ndjson"
        return [json.loads(line) for line in response.text.splitlines()]

    async def outcome(self, body: bytes, query: str) -> dict[str, Any]:
        return (await self.push(body, query))[-1]

    async def status(self, session: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.request("GET", f"session={session}")).json()
        return found


async def a_full_list(pushing: Pushing, size: int = 10) -> Pusher:
    """Push a first list; return who did."""
    pusher = await pushing.a_pusher()
    done = await pusher.outcome(whole(map(a_row, range(size))), "session=first")
    assert done["outcome"] == "applied", done
    return pusher


async def status_of(pushing: Pushing, code: str = "toko") -> StatusRow:
    return next(each for each in await pushing.store.read_statuses() if each.partner == code)
