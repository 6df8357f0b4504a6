"""Bukalapak's API, one request per call; the product list is read by offset and limit."""

from datetime import date

from adapters.base import Booking, Cursor, Page, PartnerSettings, Receipt, Statement, Validators
from adapters.bukalapak.mapping import CODEC, to_page
from adapters.enrolments import EnrolmentCalls
from adapters.http import PartnerClient
from schema.model.values import Reference

LIMIT = 50


class Adapter:
    """Reads the catalogue and books."""

    def __init__(self, client: PartnerClient, settings: PartnerSettings) -> None:
        self._client = client
        self._code = settings.code
        self._desk = EnrolmentCalls(client, codec=CODEC)

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page:
        """See `CatalogueSource.fetch_page`; a cursor is an offset."""
        del known  # the API has no validators
        offset = int(cursor or 0)
        body = await self._client.get("/products", {"offset": offset, "limit": LIMIT})
        return to_page(body, self._code, offset=offset, limit=LIMIT)

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
