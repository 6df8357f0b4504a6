"""Sisnaker's training pages, counted from 1, and its desk."""

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
from adapters.errors import CursorExpiredError
from adapters.http import PartnerClient
from adapters.sisnaker.bookings import CODEC
from adapters.sisnaker.mapping import to_page
from adapters.sisnaker.quotes import to_quotes_of
from schema.model.values import Reference, RemoteId


class Adapter:
    """Reads the ministry's trainings and books there."""

    def __init__(self, client: PartnerClient, settings: PartnerSettings) -> None:
        self._client = client
        self._code = settings.code
        self._desk = EnrolmentCalls(client, codec=CODEC)

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page:
        """See `CatalogueSource.fetch_page`; the cursor is the page's number."""
        del known  # the service has no validators
        number = cursor or "1"
        if not number.isdecimal():
            raise CursorExpiredError(self._code, "the cursor is no page number")
        answer = await self._client.fetch("/layanan/pelatihan", {"halaman": number})
        return to_page(answer.body, self._code, page_number=int(number))

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
        answer = await self._client.fetch("/layanan/kuota", {"id": list(keys)})
        return to_quotes_of(answer.body, self._code, keys)
