"""Lists that lead in a circle, and lists that do not end."""

from adapters.base import Cursor, Page
from adapters.errors import PartnerContractError
from gateway.catalogue.rows import PageRows
from gateway.catalogue.runs import OpenRun

MOST_PAGES = 10_000
MOST_CURSOR_CHARACTERS = 4_000


class LoopGuard:
    """Notices a list that leads in a circle, and one that does not end."""

    def __init__(self, run: OpenRun) -> None:
        self._partner = run.partner
        self._cursors = {cursor for cursor, _ in run.visited}
        self._pages = {content_hash for _, content_hash in run.visited}
        self._count = run.pages

    def check_cursor(self, page: Page, cursor: Cursor | None) -> None:
        """Refuse a next cursor that has been followed before.  Raises `PartnerContractError`."""
        self._cursors.add(cursor)
        self._count += 1
        following = page.next_cursor
        if following is None:
            return
        if following in self._cursors:
            self._refuse(f"its pages lead in a circle: page {self._count} names an earlier cursor")
        if not following.isprintable() or len(following) > MOST_CURSOR_CHARACTERS:
            self._refuse(f"the cursor of page {self._count} is not printable, or endless")
        if self._count >= MOST_PAGES:
            self._refuse(f"its list does not end: {MOST_PAGES} pages and still more")

    def check_news(self, page: PageRows, *, has_news: bool) -> None:
        """Refuse a page that came before and brings nothing.  Raises `PartnerContractError`."""
        is_repeated = page.content_hash in self._pages
        self._pages.add(page.content_hash)
        if is_repeated and page.fetched and not has_news:
            self._refuse(f"its pages repeat: page {self._count} has come before")

    def _refuse(self, reason: str) -> None:
        raise PartnerContractError(self._partner, reason)
