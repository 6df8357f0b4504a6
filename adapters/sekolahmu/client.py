"""Sekolah.mu's API, one request per call; the connection is read along its cursors."""

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
from adapters.sekolahmu.mapping import CODEC, QUERY, to_page
from adapters.sekolahmu.quotes import QUOTES, to_quotes_of
from schema.model.values import Reference, RemoteId

FIRST = 50


class Adapter:
    """Reads the catalogue and books."""

    def __init__(self, client: PartnerClient, settings: PartnerSettings) -> None:
        self._client = client
        self._code = settings.code
        self._desk = EnrolmentCalls(client, codec=CODEC)

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page:
        """See `CatalogueSource.fetch_page`; a cursor is the connection's `endCursor`."""
        del known  # the API has no validators
        variables = {"first": FIRST, "after": cursor}
        body = await self._client.query("/graphql", {"query": QUERY, "variables": variables})
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
        asked = {"query": QUOTES, "variables": {"ids": list(keys)}}
        return to_quotes_of(await self._client.query("/graphql", asked), self._code, keys)
