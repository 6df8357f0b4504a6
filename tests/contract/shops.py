"""Sandbox partners that are open on loopback, with a shelf of every kind of course."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from aiohttp import web

from adapters.addresses import THIS_MACHINE
from adapters.base import Booking, Page, PartnerSettings
from adapters.errors import PartnerThrottledError
from adapters.registry import build_adapter
from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.listener import Listener
from adapters.sandbox.secrets import fresh_secrets
from adapters.sandbox.world import SandboxOffering, SandboxSession, Shop
from gateway.partners import sandbox
from gateway.partners.config import load_partners
from schema.model.values import (
    CourseLevel,
    DeliveryMode,
    LearnerId,
    Money,
    PartnerCode,
    Reference,
    RemoteId,
)
from tests import shelves

CONFIGS = {config.code: config for config in load_partners([sandbox.SANDBOX_PARTNERS])}
NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
ZONES = ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]
LEVELS = [CourseLevel.BEGINNER, CourseLevel.INTERMEDIATE, CourseLevel.ADVANCED, CourseLevel.ALL]
SELLS_ARCHIVED = {"skill_academy"}  # whose format knows what archived means
SELLS_SEATS_ONLY = {"maubelajarapa", "pasar_kelas"}  # what has no session cannot be booked there
MOST_PAGES = 20


def a_session(number: int, **told: Any) -> SandboxSession:
    return shelves.a_session(f"S-{number}", ZONES[number % len(ZONES)], **{"seats_left": 12} | told)


def an_offering(number: int, **told: Any) -> SandboxOffering:
    usual = {
        "course": number,
        "title": f"Barista & Pastri: “Kelas” {number}",
        "institution": f"LKP Rasa Ibu {number % 7}",
        "level": LEVELS[number % len(LEVELS)],
        "price": 89_700 + 1_000 * number,
        "delivery_mode": DeliveryMode.ONSITE,
        "url": f"https://kelas.example/barista-{number}",
        "sessions": (a_session(2 * number), a_session(2 * number + 1, seats_left=1)),
    }
    return shelves.an_offering(f"K-{number}", **usual | told)


def a_shelf(code: PartnerCode) -> list[SandboxOffering]:
    """More than one page of any partner, with one of every kind."""
    shelf = [
        an_offering(1),
        an_offering(2, price=0),
        an_offering(3, list_price=200_000),
        an_offering(4, bookable=False),
        an_offering(5, delivery_mode=DeliveryMode.SELF_PACED, sessions=()),
        an_offering(6, delivery_mode=DeliveryMode.LIVE_ONLINE, sessions=()),
        an_offering(7, rating=None, rating_count=0),
        an_offering(8, sessions=(a_session(16, capacity=900, seats_left=900), a_session(17))),
        *(an_offering(number) for number in range(9, 131)),
    ]
    if code in SELLS_ARCHIVED:
        shelf.insert(3, an_offering(900, archived=True))
    return [row for row in shelf if row.sessions or code not in SELLS_SEATS_ONLY]


def a_booking(reference: str, offering: str, session: str | None = None, price: int = 0) -> Booking:
    return Booking(
        Reference(reference),
        RemoteId(offering),
        RemoteId(session) if session else None,
        LearnerId("learner-1"),
        Money(price),
    )


@asynccontextmanager
async def open_shop(
    code: PartnerCode,
    shelf: Sequence[SandboxOffering],
    *,
    spoil_secrets: bool = False,
    **options: Any,
) -> AsyncIterator[tuple[Any, "Door"]]:
    """Serve the shelf as this partner does; give its adapter, and the door of the shop.

    `options` change those of the partners file.
    """
    secrets = fresh_secrets(code)
    book = EnrolmentBook(code, shelf, now=lambda: NOW)
    shop = Shop(code, shelf, book, secrets, now=lambda: datetime.now(UTC))
    facade = import_module(f"adapters.sandbox.facades.{code}")
    door = Door(facade.build_routes(shop))
    told = dict.fromkeys(secrets, "wrong") if spoil_secrets else secrets
    async with AsyncExitStack() as cleanup:
        await door.listener.open()
        cleanup.push_async_callback(door.listener.close)
        settings = PartnerSettings(code, door.address, told, {**CONFIGS[code].options, **options})
        adapter = build_adapter(CONFIGS[code].adapter, settings, reach=THIS_MACHINE)
        cleanup.push_async_callback(adapter.aclose)
        yield adapter, door


class Door:
    """Where a shop is open, until it is closed, and what it has answered."""

    def __init__(self, routes: Sequence[web.RouteDef]) -> None:
        self.answers: list[tuple[str, int]] = []

        @web.middleware
        async def witness(request: web.Request, handler: Any) -> web.StreamResponse:
            response: web.StreamResponse = await handler(request)
            self.answers.append((request.path, response.status))
            return response

        self.listener = Listener(routes, host="127.0.0.1", middlewares=[witness])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listener.port}"

    async def close(self) -> None:
        await self.listener.close()


async def walk(adapter: Any) -> list[Page]:
    """Fetch every page, as the gateway does: a throttled request is made again."""
    pages: list[Page] = []
    cursor = None
    for _ in range(MOST_PAGES):
        try:
            pages.append(await adapter.fetch_page(cursor, None))
        except PartnerThrottledError:
            continue
        cursor = pages[-1].next_cursor
        if cursor is None:
            return pages
    pytest.fail(f"the walk did not end within {MOST_PAGES} requests")
