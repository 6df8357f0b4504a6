"""Live quotes: price and seats asked of partners, kept for seconds, and then the last known.

One question per partner carries all that a request asks for.  What a partner does not tell in
time is what it told last: here, or in its list, whichever is newer.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from adapters.base import MOST_QUOTED, Capability, Quote
from adapters.registry import manifests
from gateway.cache.flights import Loaded, Terms
from gateway.cache.lifetimes import Entry, Lifetime, Standing
from gateway.cache.tiered import TieredCache
from gateway.partners.config import PartnerConfig
from gateway.partners.operations import DEADLINES, Operation
from schema.availability import session_availability
from schema.model.catalogue import Offering
from schema.model.quotes import KnownQuote
from schema.model.values import (
    Availability,
    FreshnessState,
    Money,
    OfferingId,
    PartnerCode,
    PartnerState,
    RemoteId,
)

FRESH_SECONDS = 5.0
LIVE_SECONDS = 1.0  # so old may be what is called asked just now
KNOWN_SECONDS = 24 * 3600.0  # for which the last answer is kept
PATIENCE = DEADLINES[Operation.QUOTE] + 0.05  # seconds: the call has ended by then, well or badly
MOST_SEATS = 10**6  # in one session: more is as good as no limit, and fits what clients read
VERSION = 1  # of `_Told` as it stands in a shared cache

_PRICES = range(10**15)  # what a client can read
_OVER = {Availability.CLOSED, Availability.FINISHED}


class AskForQuotes(Protocol):
    """`PartnerCalls`, as far as quotes need it."""

    async def quote(self, code: PartnerCode, keys: Sequence[RemoteId]) -> Sequence[Quote]:
        """Return price and seats now.  Raises `PartnerError`."""


class _Told(msgspec.Struct, array_like=True, frozen=True):
    """What a partner told of one offering; `is_known` is false if it told nothing."""

    is_known: bool
    amount: int | None = None
    currency: str | None = None
    seats: dict[str, int] = {}


class QuoteBoard:
    """Implements `schema.quote_ports.LiveQuotes`."""

    def __init__(
        self,
        calls: AskForQuotes,
        cache: TieredCache,
        *,
        telling: Collection[PartnerCode],
        fetched_at: Callable[[Offering], datetime | None],
        now: Callable[[], datetime],
        closed: Callable[[], Collection[PartnerCode]] = frozenset,
    ) -> None:
        """Ask the partners that are `telling`, unless they are `closed` at that moment.

        `fetched_at` says when an offering was listed.
        """
        self._calls = calls
        self._cache = cache
        self._telling = frozenset(telling)
        self._closed = closed
        self._fetched_at = fetched_at
        self._now = now

    async def read_quotes(self, offerings: Sequence[Offering]) -> Mapping[OfferingId, KnownQuote]:
        """See `LiveQuotes.read_quotes`."""
        by_partner: defaultdict[PartnerCode, list[Offering]] = defaultdict(list)
        asked = self._asked()
        for offering in offerings:
            if offering.partner in asked:
                by_partner[offering.partner].append(offering)
        told: dict[OfferingId, KnownQuote] = {}
        for found in await asyncio.gather(*(self._ask(*each) for each in by_partner.items())):
            told |= found
        best = {each.id: _newer(told.get(each.id), self._listed(each)) for each in offerings}
        return {offering_id: quote for offering_id, quote in best.items() if quote}

    async def read_live(self, offering: Offering) -> KnownQuote | None:
        """See `LiveQuotes.read_live`."""
        if offering.partner not in self._asked():
            return None
        found = (await self._ask(offering.partner, [offering])).get(offering.id)
        return found if found and found.is_live else None

    def _asked(self) -> Collection[PartnerCode]:
        return self._telling.difference(self._closed())

    async def _ask(
        self, partner: PartnerCode, offerings: Sequence[Offering]
    ) -> Mapping[OfferingId, KnownQuote]:
        """Return what a partner tells, or told last, of offerings of its own."""
        wanted = {_cache_key(partner, each.key): each for each in offerings}

        async def load(keys: Sequence[str]) -> Loaded:
            remote = [wanted[key].key for key in keys]
            starts = range(0, len(remote), MOST_QUOTED)
            parts = [remote[start : start + MOST_QUOTED] for start in starts]
            answers = await asyncio.gather(*(self._calls.quote(partner, each) for each in parts))
            quotes = [quote for answer in answers for quote in answer]
            told = {_cache_key(partner, quote.offering): _packed(quote) for quote in quotes}
            return {key: told.get(key, _NOTHING) for key in keys}

        lifetime = Lifetime(FRESH_SECONDS, last_known=KNOWN_SECONDS)
        terms = Terms(lifetime, (f"quotes:{partner}",), lane=partner, patience=PATIENCE)
        entries = await self._cache.read(wanted, load, terms)
        found = {wanted[key].id: self._known(wanted[key], each) for key, each in entries.items()}
        return {offering_id: quote for offering_id, quote in found.items() if quote}

    def _known(self, offering: Offering, entry: Entry) -> KnownQuote | None:
        try:
            told = msgspec.msgpack.decode(entry.value, type=_Told)
        except msgspec.DecodeError:
            return None
        if not told.is_known:
            return None
        now, as_of = self._now(), datetime.fromtimestamp(entry.made_at, UTC)
        price = None if told.amount is None else Money(told.amount, told.currency or "IDR")
        seats = {RemoteId(key): left for key, left in told.seats.items()}
        freshness = _freshness(entry, now.timestamp())
        return KnownQuote(price, as_of, freshness, _open_seats(offering, seats, now))

    def _listed(self, offering: Offering) -> KnownQuote | None:
        """Return what the partner's list says of an offering."""
        as_of = self._fetched_at(offering)
        if as_of is None:
            return None
        seats = {each.key: each.seats_left for each in offering.sessions if not each.unlimited}
        told = {key: left for key, left in seats.items() if left is not None}
        seats_left = _open_seats(offering, told, self._now())
        return KnownQuote(offering.price, as_of, FreshnessState.STALE, seats_left)


def partners_with_quotes(configs: Sequence[PartnerConfig]) -> Collection[PartnerCode]:
    """Return the partners that tell price and seats now, and may be asked."""
    telling = {each.id for each in manifests() if Capability.QUOTE in each.capabilities}
    return {
        config.code
        for config in configs
        if config.adapter in telling and config.partner.state is PartnerState.ACTIVE
    }


def _newer(told: KnownQuote | None, listed: KnownQuote | None) -> KnownQuote | None:
    """Return the newer of what a partner told and what its list says; a live answer wins."""
    if told is None or listed is None or told.is_live:
        return told or listed
    return max(told, listed, key=lambda quote: quote.as_of)


def _freshness(entry: Entry, now: float) -> FreshnessState:
    if entry.standing(now) is not Standing.FRESH:
        return FreshnessState.STALE
    is_live = now - entry.made_at <= LIVE_SECONDS
    return FreshnessState.LIVE if is_live else FreshnessState.FRESH


def _open_seats(
    offering: Offering, seats: Mapping[RemoteId, int], now: datetime
) -> Mapping[RemoteId, int]:
    """Return the seats of sessions that can still be entered, as far as we know them."""
    over = {each.key for each in offering.sessions if session_availability(each, 0, now) in _OVER}
    return {key: left for key, left in seats.items() if key not in over}


def _cache_key(partner: PartnerCode, key: RemoteId) -> str:
    return f"quote:{VERSION}:{partner}:{key}"


def _packed(quote: Quote) -> bytes:
    price = quote.price if quote.price and quote.price.amount in _PRICES else None
    told = _Told(
        is_known=True,
        amount=price.amount if price else None,
        currency=price.currency if price else None,
        seats={key: min(max(left, 0), MOST_SEATS) for key, left in quote.seats},
    )
    return msgspec.msgpack.encode(told)


_NOTHING = msgspec.msgpack.encode(_Told(is_known=False))
