"""MauBelajarApa's exported file, asked for by its ETag, and its desk."""

from datetime import date
from http import HTTPStatus

from adapters.base import (
    Booking,
    Cursor,
    NotModified,
    Page,
    PartnerSettings,
    Receipt,
    Statement,
    Validators,
)
from adapters.enrolments import EnrolmentCalls
from adapters.http import PartnerClient
from adapters.maubelajarapa.mapping import CODEC, to_page
from schema.model.values import Reference


class Adapter:
    """Reads MauBelajarApa's classes and books seats of their sessions."""

    def __init__(self, client: PartnerClient, settings: PartnerSettings) -> None:
        self._client = client
        self._code = settings.code
        self._desk = EnrolmentCalls(client, codec=CODEC)

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page | NotModified:
        """See `CatalogueSource.fetch_page`; the first page is the only one."""
        del cursor
        etag = known.etag if known else None
        headers = {"If-None-Match": etag} if etag else None
        answer = await self._client.fetch("/ekspor/kelas.csv", headers=headers)
        if etag and answer.status == HTTPStatus.NOT_MODIFIED:
            return NotModified()
        return to_page(answer.body, self._code, etag=answer.headers.get("etag"))

    async def enrol(self, booking: Booking) -> Receipt:
        """See `EnrolmentDesk.enrol`; a class with sessions wants one to be named."""
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
