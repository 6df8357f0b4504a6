"""Live quotes: asked together, remembered for seconds, and then the last that is known."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.base import Quote
from adapters.errors import PartnerUnavailableError
from gateway.cache.memory import MemoryCache
from gateway.cache.tiered import TieredCache
from gateway.partners import quotes
from gateway.partners.quotes import QuoteBoard, partners_with_quotes
from schema.model.catalogue import Offering, Session
from schema.model.values import FreshnessState, Money, PartnerCode, PartnerState, RemoteId
from tests.catalogue import NOON, PINTARIA, TOKOPEDIA, a_partner, an_offering

pytestmark = pytest.mark.anyio

LISTED_AT = NOON - timedelta(minutes=10)
SILENT = PartnerCode("silent")


class Partners:
    """Tell price and seats, and count what they are asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[PartnerCode, tuple[RemoteId, ...]]] = []
        self.price = 325_000
        self.seats: tuple[tuple[RemoteId, int], ...] = ()
        self.sold = lambda key: True
        self.is_down = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def quote(self, code: PartnerCode, keys: Sequence[RemoteId]) -> list[Quote]:
        self.asked.append((code, tuple(keys)))
        await self.may_answer.wait()
        if self.is_down:
            raise PartnerUnavailableError(code, "HTTP 503")
        return [Quote(key, Money(self.price), self.seats) for key in keys if self.sold(key)]


class Desk:
    """A board over partners and a clock that tests move."""

    def __init__(self) -> None:
        self.now = NOON
        self.listed_at: datetime | None = LISTED_AT
        self.closed: set[PartnerCode] = set()
        self.partners = Partners()
        cache = TieredCache(MemoryCache(clock=self.seconds), clock=self.seconds, dice=lambda: 0.0)
        self.board = QuoteBoard(
            self.partners,
            cache,
            telling={TOKOPEDIA, PINTARIA},
            fetched_at=lambda _: self.listed_at,
            now=lambda: self.now,
            closed=lambda: self.closed,
        )

    def seconds(self) -> float:
        return self.now.timestamp()

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def quote(self, offering: Offering):
        return (await self.board.read_quotes([offering])).get(offering.id)


def a_session(key: str, starts_in_days: float = 10, **told) -> Session:
    starts_at = NOON + timedelta(days=starts_in_days)
    return Session(TOKOPEDIA, RemoteId(key), starts_at=starts_at, **told)


async def test_a_partner_is_asked_now():
    desk = Desk()
    desk.partners.seats = ((RemoteId("s1"), 3), (RemoteId("s2"), 4))

    quote = await desk.quote(an_offering())

    assert (quote.price, quote.seats_left) == (Money(325_000), 7)
    assert (quote.as_of, quote.freshness) == (NOON, FreshnessState.LIVE)


async def test_a_request_asks_each_partner_once():
    desk = Desk()
    wanted = [an_offering(str(n), partner=p) for n in range(3) for p in (TOKOPEDIA, PINTARIA)]

    found = await desk.board.read_quotes(wanted)

    assert len(found) == 6
    assert sorted(desk.partners.asked) == [
        (PINTARIA, ("0", "1", "2")),
        (TOKOPEDIA, ("0", "1", "2")),
    ]


async def test_more_than_a_partner_takes_at_once_are_asked_in_parts():
    desk = Desk()

    found = await desk.board.read_quotes([an_offering(str(n)) for n in range(25)])

    assert len(found) == 25
    assert sorted(len(keys) for _, keys in desk.partners.asked) == [5, 20]


async def test_a_quote_is_remembered_for_seconds():
    desk = Desk()
    await desk.quote(an_offering())
    desk.partners.price = 400_000

    desk.advance(4)
    remembered = await desk.quote(an_offering())
    desk.advance(2)
    anew = await desk.quote(an_offering())

    assert (remembered.price, remembered.freshness) == (Money(325_000), FreshnessState.FRESH)
    assert remembered.as_of == NOON
    assert (anew.price, anew.freshness) == (Money(400_000), FreshnessState.LIVE)


async def test_the_last_known_has_its_age():
    desk = Desk()
    await desk.quote(an_offering())
    desk.partners.is_down = True

    desk.advance(3_600)
    quote = await desk.quote(an_offering())

    assert (quote.price, quote.as_of) == (Money(325_000), NOON)
    assert quote.freshness is FreshnessState.STALE


async def test_what_is_listed_since_is_newer_than_the_last_quote():
    desk = Desk()
    await desk.quote(an_offering())
    desk.partners.is_down = True

    desk.advance(3_600)
    desk.listed_at = NOON + timedelta(minutes=50)
    quote = await desk.quote(an_offering())

    assert (quote.price, quote.as_of) == (Money(350_000), desk.listed_at)
    assert quote.freshness is FreshnessState.STALE


async def test_a_partner_without_quotes_is_as_it_is_listed():
    desk = Desk()
    sessions = (a_session("s1", seats_left=2), a_session("s2"), a_session("s0", -1, seats_left=9))

    quote = await desk.quote(an_offering(partner=SILENT, sessions=sessions))

    assert (quote.price, quote.seats_left, quote.as_of) == (Money(350_000), 2, LISTED_AT)
    assert quote.freshness is FreshnessState.STALE
    assert desk.partners.asked == []


async def test_a_partner_that_sells_nothing_now_is_not_asked():
    desk, offering = Desk(), an_offering(price=350_000)
    desk.closed = {TOKOPEDIA}

    listed = await desk.quote(offering)

    assert listed is not None
    assert (listed.freshness, listed.as_of) == (FreshnessState.STALE, LISTED_AT)
    assert await desk.board.read_live(offering) is None
    assert desk.partners.asked == []


async def test_sessions_that_cannot_be_entered_any_more_have_no_seats():
    desk = Desk()
    desk.partners.seats = ((RemoteId("s0"), 9), (RemoteId("s1"), 3))

    quote = await desk.quote(an_offering(sessions=(a_session("s0", -1), a_session("s1"))))

    assert quote.seats_left == 3


async def test_of_what_was_never_listed_nor_told_nothing_is_known():
    desk = Desk()
    desk.listed_at = None
    desk.partners.is_down = True

    assert await desk.quote(an_offering()) is None


async def test_what_a_partner_no_longer_sells_is_not_asked_for_again_at_once():
    desk = Desk()
    desk.partners.sold = lambda key: False

    found = [await desk.quote(an_offering()) for _ in range(3)]

    assert {quote.freshness for quote in found} == {FreshnessState.STALE}
    assert len(desk.partners.asked) == 1


async def test_a_partner_that_hangs_costs_no_other_its_quotes(monkeypatch):
    monkeypatch.setattr(quotes, "PATIENCE", 0.02)
    desk = Desk()
    hanging, answering = an_offering(partner=TOKOPEDIA), an_offering(partner=PINTARIA)
    await desk.board.read_quotes([hanging])
    desk.advance(60)

    async def quote(code: PartnerCode, keys: Sequence[RemoteId]) -> list[Quote]:
        if code == TOKOPEDIA:
            await asyncio.Event().wait()
        return [Quote(key, Money(1)) for key in keys]

    desk.partners.quote = quote
    found = await desk.board.read_quotes([hanging, answering])

    assert found[hanging.id].freshness is FreshnessState.STALE
    assert found[answering.id].freshness is FreshnessState.LIVE
    await desk.board._cache.close()


async def test_only_what_is_new_is_acted_upon():
    desk = Desk()
    live = await desk.board.read_live(an_offering())
    desk.partners.is_down = True
    desk.advance(60)

    late = await desk.board.read_live(an_offering())
    silent = await desk.board.read_live(an_offering(partner=SILENT))

    assert live.price == Money(325_000)
    assert (late, silent) == (None, None)


async def test_garbage_in_the_cache_is_not_told():
    desk = Desk()
    await desk.board._cache.set("quote:1:tokopedia:1", b"garbage", ttl=60)

    quote = await desk.quote(an_offering())

    assert quote.freshness is FreshnessState.STALE


async def test_numbers_that_no_client_could_read_are_not_passed_on():
    desk = Desk()
    desk.partners.price = 10**30
    desk.partners.seats = ((RemoteId("s1"), 10**30), (RemoteId("s2"), -4))

    quote = await desk.quote(an_offering())

    assert quote.price is None
    assert quote.seats_left == quotes.MOST_SEATS


def test_partners_are_asked_if_their_adapter_can_and_they_are_let_in():
    telling = a_partner(adapter="skill_academy")
    left = replace(telling.partner, code=PartnerCode("left"), state=PartnerState.SUSPENDED)
    configs = [telling, replace(telling, partner=left), a_partner(PINTARIA, adapter="feed")]

    assert partners_with_quotes(configs) == {TOKOPEDIA}
