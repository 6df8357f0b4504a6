"""A feed: files that are fetched whole, and perhaps a desk for enrolments beside them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from http import HTTPStatus

from adapters.answers import Answer
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
from adapters.errors import (
    CursorExpiredError,
    PartnerContractError,
    PartnerRefusedError,
    UnreadableListError,
)
from adapters.feed.conditions import Headers, build_conditions
from adapters.feed.large import FileParts, to_link, to_place
from adapters.feed.plan import Feed, FeedSource, build_feed, to_index
from adapters.http import PartnerClient
from schema.model.values import Reference


class Adapter:
    """Reads a feed as its partner's options say, and books where they say.

    Raises `FeedOptionsError` when the options cannot be used.
    """

    def __init__(self, client: PartnerClient, settings: PartnerSettings) -> None:
        self._client = client
        self._feed: Feed = build_feed(settings)
        self._conditions = build_conditions(settings)
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
        others = [self._feed.named(join.source) for join in source.joins]
        answers = await self._fetch_files([path, *(other.path for other in others)], known)
        if answers is None:
            return NotModified()
        validators = self._conditions.validators([answer.headers for answer in answers])
        bodies = [answer.body for answer in answers]
        # a whole catalogue in one file: in a thread, so that others are answered meanwhile
        page = await asyncio.to_thread(_to_page, source, others, bodies, validators)
        following = self._feed.after(source, source.next_link(bodies[0]))
        return replace(page, next_cursor=following)

    async def _fetch_files(
        self, paths: Sequence[str], known: Validators | None
    ) -> Sequence[Answer] | None:
        """Return the files that a page is made of; None if not one of them has changed.

        As soon as one has changed, the others are wanted whole, whatever they answered.
        """
        for changed, headers in enumerate(self._conditions.headers(known, len(paths))):
            answer = await self._fetch_file(paths[changed], headers)
            if answer is not None:
                break
        else:
            return None
        return [
            answer if number == changed else await self._fetch_whole(path)
            for number, path in enumerate(paths)
        ]

    async def _fetch_file(self, path: str, headers: Headers) -> Answer | None:
        answer = await self._client.fetch(path, headers=headers)
        return answer if self._is_whole(answer, headers) else None

    async def _fetch_whole(self, path: str) -> Answer:
        answer = await self._client.fetch(path)
        self._is_whole(answer, {})
        return answer

    def _is_whole(self, answer: Answer, asked: Headers) -> bool:
        """Return whether a file came; else it is as it was.  Raises `PartnerContractError`."""
        if answer.status != HTTPStatus.NOT_MODIFIED:
            return True
        if not asked:
            reason = "answered 'not modified' to a question that did not say what we know"
            raise PartnerContractError(self._client.partner, reason)
        return False

    async def _fetch_part(
        self, source: FeedSource, place: int, known: Validators | None
    ) -> Page | NotModified:
        validators = None
        if not place:
            headers = await self._download(source, known)
            if headers is None:
                return NotModified()
            validators = self._conditions.validators([headers])
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
            [headers] = self._conditions.headers(known, 1)
            answer = await self._client.download(
                source.path, parts.file, headers, largest=source.cut.largest
            )
            is_whole = self._is_whole(answer, headers)
        except BaseException:
            parts.close()
            raise
        if not is_whole:
            parts.close()
            return None
        self._parts[source.name] = parts
        return answer.headers

    def _let_go(self, name: str) -> None:
        if parts := self._parts.pop(name, None):
            parts.close()

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


def _to_page(
    source: FeedSource,
    others: Sequence[FeedSource],
    bodies: Sequence[bytes],
    validators: Validators,
) -> Page:
    """Translate a source's file, with the rows of `others` that it joins to its own."""
    joins = zip(source.joins, others, bodies[1:], strict=True)
    joined = {join.name: to_index(join, other.rows(body)) for join, other, body in joins}
    return source.to_page(bodies[0], validators, joined)
