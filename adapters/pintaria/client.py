"""Pintaria's API, one request per call; the course collection is read along `links.next`."""

from adapters.base import Booking, Cursor, Page, PartnerSettings, Receipt, Validators
from adapters.enrolments import EnrolmentCalls
from adapters.http import PartnerClient
from adapters.pintaria.mapping import CODEC, to_page
from schema.model.values import Reference

FIRST_PAGE = "/courses?page%5Bnumber%5D=1&page%5Bsize%5D=50"


class Adapter:
    """Reads the catalogue and books."""

    def __init__(self, client: PartnerClient, settings: PartnerSettings) -> None:
        self._client = client
        self._partner = settings.code
        self._address = settings.address
        self._enrolments = EnrolmentCalls(client, codec=CODEC)

    async def fetch_page(
        self,
        cursor: Cursor | None = None,
        known: Validators | None = None,  # noqa: ARG002  there is no "not modified" here
    ) -> Page:
        """See `CatalogueSource.fetch_page`; a cursor is `links.next` below our address."""
        body = await self._client.get(cursor or FIRST_PAGE)
        return to_page(body, self._partner, address=self._address)

    async def enrol(self, booking: Booking) -> Receipt:
        """See `EnrolmentDesk.enrol`."""
        return await self._enrolments.enrol(booking)

    async def find(self, reference: Reference) -> Receipt | None:
        """See `EnrolmentDesk.find`."""
        return await self._enrolments.find(reference)

    async def cancel(self, reference: Reference) -> Receipt:
        """See `EnrolmentDesk.cancel`."""
        return await self._enrolments.cancel(reference)
