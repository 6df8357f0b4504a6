"""Who asks a partner while it misbehaves: an adapter, and something that keeps its deadlines."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Protocol, TypeVar

from adapters.base import Booking, Cursor, NotModified, Page, Quote, Receipt, Validators
from adapters.errors import AmbiguousPartnerError, PartnerUnavailableError
from adapters.sandbox.faults.kinds import Fault
from schema.model.values import Reference, RemoteId

SHORT_SECONDS = 0.4  # for what only a deadline ends
LONG_SECONDS = 20.0  # for what ends by itself

T = TypeVar("T")


class Caller(Protocol):
    """Asks one partner, within a deadline."""

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page | NotModified:
        """See `CatalogueSource.fetch_page`."""

    async def enrol(self, booking: Booking) -> Receipt:
        """See `EnrolmentDesk.enrol`."""

    async def find(self, reference: Reference) -> Receipt | None:
        """See `EnrolmentDesk.find`."""

    async def cancel(self, reference: Reference) -> Receipt:
        """See `EnrolmentDesk.cancel`."""

    async def quote(self, keys: Sequence[RemoteId]) -> Sequence[Quote]:
        """See `QuoteDesk.quote`; of adapters that have the capability."""


class Deadlined:
    """An adapter whose calls are cut, as the gateway cuts them."""

    def __init__(self, adapter: Caller, partner: str, seconds: float) -> None:
        self._adapter = adapter
        self._partner = partner
        self._seconds = seconds

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page | NotModified:
        """See `CatalogueSource.fetch_page`."""
        return await self._cut(self._adapter.fetch_page(cursor, known))

    async def enrol(self, booking: Booking) -> Receipt:
        """See `EnrolmentDesk.enrol`."""
        return await self._cut(self._adapter.enrol(booking), is_write=True)

    async def find(self, reference: Reference) -> Receipt | None:
        """See `EnrolmentDesk.find`."""
        return await self._cut(self._adapter.find(reference))

    async def cancel(self, reference: Reference) -> Receipt:
        """See `EnrolmentDesk.cancel`."""
        return await self._cut(self._adapter.cancel(reference), is_write=True)

    async def quote(self, keys: Sequence[RemoteId]) -> Sequence[Quote]:
        """See `QuoteDesk.quote`."""
        return await self._cut(self._adapter.quote(keys))

    async def _cut(self, asked: Awaitable[T], *, is_write: bool = False) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await asked
        except TimeoutError as exc:
            error = AmbiguousPartnerError if is_write else PartnerUnavailableError
            raise error(self._partner, "no answer in time") from exc


def seconds_for(fault: Fault | None) -> float:
    """Return how long a call may take while `fault` is set."""
    return SHORT_SECONDS if fault is not None and fault.is_slow else LONG_SECONDS
