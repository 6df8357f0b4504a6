"""Skill Academy's API, one request per call."""

from collections.abc import Sequence
from datetime import date

from adapters.base import (
    Booking,
    Cursor,
    Page,
    PartnerSettings,
    Quote,
    Receipt,
    Statement,
    Validators,
)
from adapters.enrolments import EnrolmentCalls
from adapters.http import PartnerClient
from adapters.skill_academy.mapping import to_page, to_quotes_of
from schema.model.values import Reference, RemoteId


class Adapter:
    """Reads Skill Academy's catalogue and books there."""

    def __init__(self, client: PartnerClient, settings: PartnerSettings) -> None:
        self._client = client
        self._code = settings.code
        self._desk = EnrolmentCalls(client)

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page:
        """See `CatalogueSource.fetch_page`; a cursor lives for some minutes."""
        del known  # the API has no validators
        body = await self._client.get("/v1/courses", {"cursor": cursor} if cursor else None)
        return to_page(body, self._code)

    async def enrol(self, booking: Booking) -> Receipt:
        """See `EnrolmentDesk.enrol`."""
        return await self._desk.enrol(booking)

    async def find(self, reference: Reference) -> Receipt | None:
        """See `EnrolmentDesk.find`."""
        return await self._desk.find(reference)

    async def cancel(self, reference: Reference) -> Receipt:
        """See `EnrolmentDesk.cancel`."""
        return await self._desk.cancel(reference)

    async def fetch_statement(self, day: date, cursor: Cursor | None = None) -> Statement:
        """See `StatementSource.fetch_statement`."""
        return await self._desk.fetch_statement(day, cursor)

    async def quote(self, keys: Sequence[RemoteId]) -> Sequence[Quote]:
        """See `QuoteDesk.quote`."""
        body = await self._client.query("/v1/quotes", {"ids": list(keys)})
        return to_quotes_of(body, self._code, keys)
