"""A feed: files that are fetched whole, and perhaps a desk for enrolments beside them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256
from http import HTTPStatus

import orjson

from adapters.base import (
    Booking,
    Cursor,
    NotModified,
    Page,
    PartnerSettings,
    Receipt,
    ReceiptStatus,
    Statement,
    Validators,
)
from adapters.enrolments import EnrolmentCalls
from adapters.errors import CursorExpiredError, PartnerRefusedError, UnreadableListError
from adapters.feed.large import FileParts, to_link, to_place
from adapters.feed.plan import Feed, FeedSource, Index, build_feed, to_index
from adapters.http import PartnerClient
from schema.model.values import Reference


class Adapter:
    """Reads a feed as its partner's options say, and books where they say.

    Raises `FeedOptionsError` when the options cannot be used.
    """

    def __init__(self, client: PartnerClient, settings: PartnerSettings) -> None:
        self._client = client
        self._feed: Feed = build_feed(settings)
        self._reading = _digest(settings)
        desk = self._feed.desk
        self._calls = EnrolmentCalls(client, path=desk.path) if desk else None
        self._parts: dict[str, FileParts] = {}  # large files that are being walked, by source

    async def aclose(self) -> None:
        """Close the connections, and let go of files."""
        for name in list(self._parts):
            self._let_go(name)
        await self._client.aclose()

    async def fetch_page(
        self, cursor: Cursor | None = None, known: Validators | None = None
    ) -> Page | NotModified:
        """See `CatalogueSource.fetch_page`; a source is one page, unless it has a next link.

        A file of rows that can be parted is several, if it is large.
        """
        source, path = self._feed.at(cursor)
        if source.cut is not None:
            place = to_place(self._client.partner, path, cursor)
            return await self._fetch_part(source, place, known)
        answer = await self._client.fetch(path, headers=self._conditions(known))
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return NotModified()
        validators = self._validators(answer.headers) if self._feed.is_one_answer else None
        joined = await self._fetch_joined(source)
        # a whole catalogue in one file: in a thread, so that others are answered meanwhile
        page = await asyncio.to_thread(source.to_page, answer.body, validators, joined)
        following = self._feed.after(source, source.next_link(answer.body))
        return replace(page, next_cursor=following)

    async def _fetch_part(
        self, source: FeedSource, place: int, known: Validators | None
    ) -> Page | NotModified:
        validators = None
        if not place:
            headers = await self._download(source, known)
            if headers is None:
                return NotModified()
            validators = self._validators(headers) if self._feed.is_one_answer else None
        if source.name not in self._parts:
            raise CursorExpiredError(self._client.partner, "its file is no longer here")
        try:
            page, following = await self._read_part(source, place, validators)
        except BaseException:
            self._let_go(source.name)
            raise
        if following is None:
            self._let_go(source.name)
        return replace(page, next_cursor=self._feed.after(source, to_link(following)))

    async def _read_part(
        self, source: FeedSource, place: int, validators: Validators | None
    ) -> tuple[Page, int | None]:
        """Return what stands at a place of a source's file, and where it goes on."""
        part = await self._parts[source.name].read(place)
        try:
            page = await asyncio.to_thread(source.to_page, part.body, validators)
        except UnreadableListError as exc:
            if not place and part.following is None:
                raise
            page = exc.page  # it is not the whole list
        return page, part.following

    async def _download(
        self, source: FeedSource, known: Validators | None
    ) -> Mapping[str, str] | None:
        """Have a source's file at hand; return its headers, or None if it has not changed."""
        assert source.cut is not None  # noqa: S101 - only such are downloaded
        self._let_go(source.name)
        parts = FileParts(self._client.partner, source.cut)
        try:
            headers = self._conditions(known)
            answer = await self._client.download(
                source.path, parts.file, headers, largest=source.cut.largest
            )
        except BaseException:
            parts.close()
            raise
        if answer.status == HTTPStatus.NOT_MODIFIED:
            parts.close()
            return None
        self._parts[source.name] = parts
        return answer.headers

    def _let_go(self, name: str) -> None:
        if parts := self._parts.pop(name, None):
            parts.close()

    async def _fetch_joined(self, source: FeedSource) -> Mapping[str, Index]:
        """Return the rows of other sources that `source` joins to its own."""
        joined: dict[str, Index] = {}
        for join in source.joins:
            other = self._feed.named(join.source)
            answer = await self._client.fetch(other.path)
            joined[join.name] = to_index(join, other.rows(answer.body))
        return joined

    async def enrol(self, booking: Booking) -> Receipt:
        """See `EnrolmentDesk.enrol`."""
        desk = self._feed.desk
        if desk and desk.session_required and booking.session is None:
            return Receipt(booking.reference, ReceiptStatus.REJECTED, reason="SESSION_REQUIRED")
        return await self._desk().enrol(booking)

    async def find(self, reference: Reference) -> Receipt | None:
        """See `EnrolmentDesk.find`."""
        return await self._desk().find(reference)

    async def cancel(self, reference: Reference) -> Receipt:
        """See `EnrolmentDesk.cancel`."""
        return await self._desk().cancel(reference)

    async def fetch_statement(self, day: date, cursor: Cursor | None = None) -> Statement:
        """See `StatementSource.fetch_statement`."""
        return await self._desk().fetch_statement(day, cursor)

    def _desk(self) -> EnrolmentCalls:
        if self._calls is None:
            raise PartnerRefusedError(
                self._client.partner, "takes no enrolments: its options have no enrolments.path"
            )
        return self._calls

    def _validators(self, headers: Mapping[str, str]) -> Validators | None:
        """Return the partner's validators, bound to the options that read its answer.

        With other options the same file says something else: it must be fetched again.
        """
        etag, modified = headers.get("etag"), headers.get("last-modified")
        if etag is None and modified is None:
            return None
        return Validators(etag=f"{self._reading} {etag or ''}", last_modified=modified)

    def _conditions(self, known: Validators | None) -> dict[str, str]:
        reading, _, etag = ((known and known.etag) or "").partition(" ")
        if known is None or reading != self._reading:
            return {}
        told = {"If-None-Match": etag, "If-Modified-Since": known.last_modified or ""}
        return {name: value for name, value in told.items() if value}


def _digest(settings: PartnerSettings) -> str:
    options = orjson.dumps(settings.options, option=orjson.OPT_SORT_KEYS, default=str)
    return sha256(options).hexdigest()[:16]
