"""Live quotes from a sandbox partner over real HTTP, through the guard and a real Redis."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module

import pytest
import redis
from aiohttp import web

from adapters.addresses import THIS_MACHINE
from adapters.base import PartnerSettings
from adapters.registry import build_adapter
from adapters.sandbox.book import EnrolmentBook
from adapters.sandbox.listener import Listener
from adapters.sandbox.secrets import fresh_secrets
from adapters.sandbox.world import Shop
from gateway.cache.memory import MemoryCache
from gateway.cache.shared import build_shared_level
from gateway.cache.tiered import TieredCache
from gateway.partners.breaker import BreakerState
from gateway.partners.calls import PartnerCalls
from gateway.partners.operations import DEADLINES, Operation
from gateway.partners.quotes import QuoteBoard
from gateway.partners.reports import CallReport
from schema.model.catalogue import ListedCourse, Offering
from schema.model.quotes import KnownQuote
from schema.model.values import (
    FreshnessState,
    Money,
    PartnerCode,
    RemoteId,
)
from tests.shelves import an_offering

pytestmark = pytest.mark.anyio

CODE = PartnerCode("skill_academy")
READERS = 1_000
DEADLINE = DEADLINES[Operation.QUOTE]
ROW = an_offering("K-1", price=90_000)
OFFERING = Offering(CODE, RemoteId("K-1"), ListedCourse("Barista", "LKP Rasa Ibu"), Money(80_000))


class Partner:
    """One sandbox partner that counts what it is asked, and may be slow."""

    def __init__(self) -> None:
        self.shelf = [ROW]
        self.secrets = fresh_secrets(CODE)
        self.asked = 0
        self.seconds = 0.0
        book = EnrolmentBook(CODE, self.shelf, now=lambda: datetime.now(UTC))
        self.shop = Shop(CODE, self.shelf, book, self.secrets, now=lambda: datetime.now(UTC))

    def listener(self) -> Listener:
        @web.middleware
        async def counted(request: web.Request, handler) -> web.StreamResponse:
            self.asked += 1
            await asyncio.sleep(self.seconds)
            return await handler(request)

        facade = import_module(f"adapters.sandbox.facades.{CODE}")
        return Listener(facade.build_routes(self.shop), host="127.0.0.1", middlewares=[counted])


class Process:
    """One process's adapter, guard, cache and board, by a wall clock that the test moves."""

    def __init__(self, partner: Partner, port: int, redis_url: str | None) -> None:
        self.ahead = 0.0
        self.reports: list[CallReport] = []
        settings = PartnerSettings(CODE, f"http://127.0.0.1:{port}", partner.secrets)
        self.adapter = build_adapter(CODE, settings, reach=THIS_MACHINE)
        self.calls = PartnerCalls({CODE: self.adapter}.__getitem__, report=self.reports.append)
        shared = redis_url and build_shared_level(redis_url, on_unavailable=lambda: None)
        self.cache = TieredCache(MemoryCache(), shared or None, clock=self.seconds)
        self.board = QuoteBoard(
            self.calls,
            self.cache,
            telling={CODE},
            fetched_at=lambda _: None,
            now=lambda: datetime.fromtimestamp(self.seconds(), UTC),
        )

    def seconds(self) -> float:
        return time.time() + self.ahead

    async def read(self) -> KnownQuote | None:
        return (await self.board.read_quotes([OFFERING])).get(OFFERING.id)

    async def aclose(self) -> None:
        await self.cache.close()
        await self.adapter.aclose()


@asynccontextmanager
async def cluster(
    count: int, redis_url: str | None = None
) -> AsyncIterator[tuple[Partner, list[Process], Listener]]:
    async with AsyncExitStack() as cleanup:
        partner = Partner()
        listener = partner.listener()
        await listener.open()
        cleanup.push_async_callback(listener.close)
        made = [Process(partner, listener.port, redis_url) for _ in range(count)]
        for each in made:
            cleanup.push_async_callback(each.aclose)
        yield partner, made, listener


async def tried(check: Callable[[], Awaitable[bool]]) -> bool:
    """Return whether `check` holds at one of a few tries: a busy machine's Redis may be slow."""
    for _ in range(5):
        if await check():
            return True
    return False


async def read_at_once(processes: list[Process]) -> list[KnownQuote | None]:
    """Have as many readers as there may be ask at the same time, in all processes."""
    count = len(processes)
    return await asyncio.gather(*(processes[n % count].read() for n in range(READERS)))


async def test_a_thousand_readers_of_one_expired_quote_make_one_call_in_the_cluster(redis_url):
    async def check() -> bool:
        with redis.Redis.from_url(redis_url) as admin:
            admin.flushall()
        async with cluster(2, redis_url) as (partner, processes, _):
            before = await read_at_once(processes)
            partner.shelf[0] = replace(ROW, price=95_000)
            for process in processes:
                process.ahead += 60
            asked, partner.seconds = partner.asked, 0.2

            after = await read_at_once(processes)

            assert {quote.price for quote in before} == {Money(90_000)}
            assert {quote.price for quote in after} == {Money(95_000)}
            assert {quote.freshness for quote in after} <= {
                FreshnessState.LIVE,
                FreshnessState.FRESH,
            }
            return (asked, partner.asked) == (1, 2)

    assert await tried(check)


async def test_a_thousand_readers_of_one_expired_quote_make_one_call_in_a_process():
    async with cluster(1) as (partner, [process], _):
        await process.read()
        process.ahead += 60
        partner.seconds = 0.1

        found = await read_at_once([process])

    assert {quote.freshness for quote in found} == {FreshnessState.LIVE}
    assert partner.asked == 2


async def test_a_partner_that_hangs_costs_no_more_than_the_deadline():
    async with cluster(1) as (partner, [process], _):
        known = await process.read()
        process.ahead += 60
        partner.seconds = 30

        started = time.monotonic()
        late = await process.read()
        took = time.monotonic() - started

    assert (late.price, late.as_of) == (known.price, known.as_of)
    assert late.freshness is FreshnessState.STALE
    assert DEADLINE / 2 < took < DEADLINE + 0.5


async def test_a_partner_that_fails_is_asked_no_more_than_it_bears_and_its_enrolments_go_on():
    async with cluster(1) as (_, [process], listener):
        await process.read()
        await listener.close()
        for _ in range(30):
            process.ahead += 6  # past what is fresh, and the rest that a failure gives
            quote = await process.read()
            await process.cache._levels.memory.delete("failed:quote:1:skill_academy:K-1")

        assert quote.freshness is FreshnessState.STALE
        assert process.calls.state(CODE) is BreakerState.CLOSED  # of lists and enrolments
        assert {report.operation for report in process.reports} == {Operation.QUOTE}
        assert process.reports[-1].outcome == "breaker_open"
        assert process.reports[-1].breaker is BreakerState.OPEN


async def test_a_partner_that_is_cut_off_for_other_work_is_not_asked_for_quotes():
    async with cluster(1) as (partner, [process], listener):
        await listener.close()
        for _ in range(10):
            await asyncio.gather(process.calls.fetch_page(CODE), return_exceptions=True)
        assert process.calls.state(CODE) is BreakerState.OPEN
        await listener.open()

        assert await process.read() is None
        assert partner.asked == 0
