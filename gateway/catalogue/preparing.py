"""A partner's pages, fetched and cleaned ahead of the checkpoint.

One page is staged while the next is being cleaned and the one after that fetched.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from adapters.base import Cursor, NotModified, Page, Validators
from adapters.errors import PermanentPartnerError, UnreadableListError
from gateway.catalogue.ahead import Ahead
from gateway.catalogue.alarms import Profile
from gateway.catalogue.cleaner import Cleaner
from gateway.catalogue.contents import Cleaned
from gateway.catalogue.difference import has_standing
from gateway.catalogue.drafts import DraftPage, to_draft_page
from gateway.catalogue.known_pages import KnownPage
from gateway.catalogue.profile import to_profile
from gateway.catalogue.rows import PageRows, to_page_rows
from gateway.catalogue.standing import read_standing
from gateway.storage.engine import Database
from schema.model.values import PartnerCode


class FetchPage(Protocol):
    """`gateway.partners.calls.PartnerCalls.fetch_page`: guarded, retried, paced."""

    async def __call__(
        self, code: PartnerCode, cursor: Cursor | None, known: Validators | None
    ) -> Page | NotModified:
        """Return a partner's page at `cursor`.  Raises `PartnerError`."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page, what is staged of it, and which fields its rows have."""

    page: Page
    rows: PageRows
    profile: Profile


@dataclass(frozen=True, slots=True)
class _Begun:
    """A page whose cleaning has begun."""

    draft: DraftPage
    cleaning: Awaitable[Sequence[Cleaned]]


class PreparedPages:
    """One list's pages; leaving the context gives up what is ahead."""

    def __init__(self, fetch_page: FetchPage, database: Database, partner: PartnerCode) -> None:
        self._fetch_page = fetch_page
        self._database = database
        self._partner = partner
        self._cleaner = Cleaner()
        self._begun = Ahead(self._begin)
        self._prepared = Ahead(self._prepare)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for part in (self._cleaner, self._begun, self._prepared):
            await self._stack.enter_async_context(part)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def begin(self, cursor: Cursor | None) -> None:
        """Begin with the page at `cursor`; None, the end, begins nothing."""
        self._prepared.begin(cursor)

    async def fetch(self, cursor: Cursor | None, known: Validators | None) -> Prepared | None:
        """Return the page at `cursor`, or None if nothing is new.  Raises `PartnerError`."""
        return await self._prepared.fetch(cursor, known)

    async def has_changed(self, known: Iterable[KnownPage]) -> bool:
        """Return whether any of the pages is no longer as it is known.  Raises `PartnerError`.

        A page that can no longer be asked for has changed: a walk will tell where it went.
        """
        for each in known:
            try:
                found = await self._fetch_page(self._partner, each.cursor, each.validators)
            except PermanentPartnerError:
                return True
            if not isinstance(found, NotModified):
                return True
        return False

    async def _begin(self, cursor: Cursor | None, known: Validators | None) -> _Begun | None:
        page = await self._read_page(cursor, known)
        if isinstance(page, NotModified):
            return None
        ids = [offering.id for offering in page.offerings]
        standing = await self._database.read(lambda connection: read_standing(connection, ids))
        draft = await asyncio.to_thread(to_draft_page, self._partner, page, standing)
        return _Begun(draft, self._cleaner.begin(draft.to_clean))

    async def _read_page(
        self, cursor: Cursor | None, known: Validators | None
    ) -> Page | NotModified:
        """Fetch a page; a list of bad rows is one, for an operator to see beside what stands."""
        try:
            return await self._fetch_page(self._partner, cursor, known)
        except UnreadableListError as exc:
            partner = self._partner
            if await self._database.read(lambda connection: has_standing(connection, partner)):
                return exc.page
            raise

    async def _prepare(self, cursor: Cursor | None, known: Validators | None) -> Prepared | None:
        begun = await self._begun.fetch(cursor, known)
        if begun is None:
            return None
        self._begun.begin(begun.draft.page.next_cursor)
        return await asyncio.to_thread(self._to_prepared, begun.draft, await begun.cleaning)

    def _to_prepared(self, draft: DraftPage, cleaned: Sequence[Cleaned]) -> Prepared:
        rows = to_page_rows(self._partner, draft, cleaned)
        return Prepared(draft.page, rows, to_profile(draft.page))
