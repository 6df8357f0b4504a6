"""An adapter with something round it, for tests of what outsiders' adapters are checked with."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from adapters.base import Booking, Cursor, Validators
from adapters.errors import PartnerError
from schema.model.values import Reference, RemoteId


class Wrapped:
    """Passes every call on, for a subclass to spoil."""

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Any:
        return await self.adapter.fetch_page(cursor, known)

    async def enrol(self, booking: Booking) -> Any:
        return await self.adapter.enrol(booking)

    async def find(self, reference: Reference) -> Any:
        return await self.adapter.find(reference)

    async def cancel(self, reference: Reference) -> Any:
        return await self.adapter.cancel(reference)

    async def fetch_statement(self, day: date, cursor: Cursor | None = None) -> Any:
        return await self.adapter.fetch_statement(day, cursor)

    async def quote(self, keys: Sequence[RemoteId]) -> Any:
        return await self.adapter.quote(keys)

    async def aclose(self) -> None:
        await self.adapter.aclose()


class RepeatsItself(Wrapped):
    """Books again when a booking fails."""

    async def enrol(self, booking: Booking) -> Any:
        try:
            return await super().enrol(booking)
        except PartnerError:
            return await super().enrol(booking)
