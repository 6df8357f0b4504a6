"""Pintaria's API, one request per call; the course collection is read along `links.next`."""

from datetime import date

from adapters.base import Booking, Cursor, Page, PartnerSettings, Receipt, Statement, Validators
from adapters.enrolments import EnrolmentCalls
from adapters.http import PartnerClient
from adapters.pintaria.mapping import CODEC, to_page
from schema.model.values import Reference

FIRST_PAGE = "/courses?page%5Bnumber%5D=1&page%5Bsize%5D=50"


class Adapter:
    """Reads the catalogue and books."""

    def __init__(self, client: PartnerClient, settings: PartnerSettings) -> None:
        self._client = client
        self._code = settings.code
        self._address = settings.address
        self._desk = EnrolmentCalls(client, codec=CODEC)

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page:
        """See `CatalogueSource.fetch_page`; a cursor is `links.next` below our address."""
        del known  # the API has no validators
        body = await self._client.get(cursor or FIRST_PAGE)
        return to_page(body, self._code, address=self._address)

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
