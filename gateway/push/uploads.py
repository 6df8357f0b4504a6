"""One request's lines, from the stream into staging: a batch at a time, in a bounded memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from starlette.requests import ClientDisconnect

from gateway.catalogue.cleaner import Cleaner
from gateway.catalogue.drafts import to_draft_page
from gateway.catalogue.profile import to_profile
from gateway.catalogue.rows import to_page_rows
from gateway.catalogue.runs import OpenRun
from gateway.catalogue.standing import read_standing
from gateway.push.batches import Batch, Line, end_of, to_batch
from gateway.push.lines import LineSplitter
from gateway.push.sessions import Part, Session, store
from gateway.storage.engine import Database
from gateway.web.bodies import BodyTooLargeError, BodyTooSlowError

LONGEST_LINE = 256 * 1024
BATCH_ROWS = 200
BATCH_BYTES = 1024 * 1024
IDLE_SECONDS = 30.0
CHEAPEST_ROW = 100  # bytes that a row counts for at least: each has an answer of about that


class AfterEndError(Exception):
    """There are rows behind the line that says how many there are."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How much an upload may hold, and which currencies its partner sells in."""

    largest: int
    currencies: Collection[str]


class Upload:
    """Stores the rows of one request; `session` and `run` are where they stand."""

    def __init__(
        self,
        database: Database,
        session: Session,
        run: OpenRun,
        terms: Terms,
        answers: IO[bytes],
        now: Callable[[], datetime],
    ) -> None:
        """Make it; what became of each row is written to `answers`."""
        self.session = session
        self.run = run
        self.told: int | None = None  # how many rows the partner says that there are
        self._database = database
        self._terms = terms
        self._answers = answers
        self._now = now
        self._lines: list[Line] = []
        self._waiting = 0  # bytes of them
        self._cleaner = Cleaner()

    async def take(self, chunks: AsyncIterator[bytes]) -> None:
        """Store all lines of a body; those that are whole, where it is cut.

        Raises `ClientDisconnect`, `BodyTooLargeError`, `BodyTooSlowError` and `AfterEndError`.
        """
        splitter = LineSplitter(LONGEST_LINE)
        async with self._cleaner:
            try:
                async for chunk in _in_time(chunks):
                    for text in splitter.feed(chunk):
                        await self._add(text)
            except (ClientDisconnect, BodyTooSlowError):
                await self._flush()
                raise
            for text in splitter.finish():
                await self._add(text)
            await self._flush()

    async def _add(self, text: bytes | None) -> None:
        if self.told is not None:
            raise AfterEndError
        self.told = end_of(text)
        if self.told is not None:
            return
        size = LONGEST_LINE if text is None else len(text) + 1
        self._waiting += max(size, CHEAPEST_ROW)
        if self.session.bytes + self._waiting > self._terms.largest:
            raise BodyTooLargeError
        self._lines.append(Line(self.session.rows + len(self._lines) + 1, text))
        if len(self._lines) >= BATCH_ROWS or self._waiting >= BATCH_BYTES:
            await self._flush()

    async def _flush(self) -> None:
        """Store the lines that wait."""
        if not self._lines:
            return
        lines, size = self._lines, self._waiting
        self._lines, self._waiting = [], 0
        session, currencies = self.session, self._terms.currencies
        batch = await asyncio.to_thread(to_batch, session.partner, lines, session.mode, currencies)
        part = await self._prepare(batch, len(lines), size)
        run, now = self.run, self._now()
        self.session, self.run = await self._database.write_soon(
            lambda c: store(c, session, run, part, now)
        )
        told = b"".join(each.to_line() for each in batch.answers(part.page))
        await asyncio.to_thread(self._answers.write, told)

    async def _prepare(self, batch: Batch, rows: int, size: int) -> Part:
        partner, page = self.session.partner, batch.page
        ids = [offering.id for offering in page.offerings]
        standing = await self._database.read(lambda c: read_standing(c, ids))
        draft = await asyncio.to_thread(to_draft_page, partner, page, standing)
        cleaned = await self._cleaner.begin(draft.to_clean)
        found = await asyncio.to_thread(to_page_rows, partner, draft, cleaned)
        return Part(batch.placed(found), to_profile(page), rows, size)


async def _in_time(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what comes.  Raises `BodyTooSlowError` when nothing does."""
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(chunks, None)
        except TimeoutError as exc:
            raise BodyTooSlowError from exc
        if chunk is None:
            return
        yield chunk
